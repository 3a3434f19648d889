"""`moss-jamf`, the command line.

Begin with `application.py`, the list of commands; each lives in the module it names there. Below them:

- `options.py`: what several commands take; `output.py`: tables, sentences, JSON, explained errors;
- `workplace.py`: opens what a command works on, and prepares it;
- `running.py` and `progress.py`: a scope as a Dagster run in this process, and what is seen of it;
- `processes.py`: servers started for as long as a command runs.

What a command knows of JAMF or M.O.S.S. it asks the pure packages; no rule of the sync belongs here.
"""

from moss_jamf_pipeline.cli.application import main

__all__ = ["main"]
