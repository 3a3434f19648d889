"""Makes the documentation's site from `docs/` and from the code: `python -m documentation`, or `make docs`.

The pages under *Reference* follow from the code (settings, commands, the API, assets, tables, messages) and are made
with each build. They are not committed: a copy would be stale after every changed option, and be in the way of every
merge; the code they follow from is read in its own diff. Nothing of this is part of the package that is installed.

- `site.py`: puts the pages together, has Zensical build them, and looks where their links lead;
- `links.py`: the links of a built site; `markdown.py`: tables;
- one module for each page that follows from the code, each with a function that returns its text.
"""
