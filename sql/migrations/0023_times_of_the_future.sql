-- A contact or report time that lies in the future says nothing: a computer whose clock was wrong once would be the latest
-- for ever. Those that stand become unknown; the next capture brings what JAMF says now. Serial numbers are kept as JAMF
-- has them from now on: the stored documents are staged again with the next sync, and the few devices whose serial number
-- has small letters or spaces in JAMF (virtual machines) get JAMF's spelling; Apple's own are upper-case anyway.

update jamf_sync.jamf_computer_contacts
set last_contact_at = case when last_contact_at <= now() + interval '1 day' then last_contact_at end,
    reported_at = case when reported_at <= now() + interval '1 day' then reported_at end
where last_contact_at > now() + interval '1 day' or reported_at > now() + interval '1 day';
