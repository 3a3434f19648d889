"""What services say as files and pictures that several doors hand out: spreadsheets, charts, reports.

Between the services and the doors: it knows typed results, and neither Dagster nor HTTP nor the command line.
"""
