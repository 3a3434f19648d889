"""Who is who: which M.O.S.S. object a JAMF record is. The statements are in `sql/matching`."""
