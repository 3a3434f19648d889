"""Reports: how a fleet and its sync stand, what changed, what people decided, what needs somebody. Only looks.

A report is made of sections. A section is declared once, in `sections.SECTIONS`: its name, its heading, the function
that reads it; one that has nothing to say is left out. How a report is shown is `rendering.reports`.
"""
