"""`python -m moss_jamf_pipeline.cli`, the same as `moss-jamf`."""

from moss_jamf_pipeline.cli import main

main()
