"""What is shown of a mobile device beside M.O.S.S.'s own page: what the newest capture has."""

from moss_jamf_pipeline.services import live
from moss_jamf_pipeline.services.jamf_now import JamfNow
from moss_jamf_pipeline.services.workplace import Workplace
from tests.db.support import Bench
from tests.services.conftest import CHOICE


def test_the_newest_capture_tells_of_a_mobile_device_and_not_of_the_computer_of_its_number(
    workplace: Workplace, bench: Bench
) -> None:
    bench.execute(
        "update integration_configs set sync_settings = '{\"sync_mobile_devices\": true}'"
    )
    bench.policies(sync_mobile_devices=True)
    bench.computer("7", "SERIAL7", hostname="mac-7")
    bench.mobile_device("7", "MOB7", hostname="phone-7", operating_system="iOS")
    bench.sync()
    phone = bench.match_of("device_matches", "mobile:7")["device_id"]

    found = live.device_of_moss(workplace, JamfNow(), phone)

    assert found is not None
    assert found.told.source == "capture"
    assert (found.told.jamf_id, found.told.why_not_live) == (
        "mobile:7",
        "Of mobile devices the newest capture is shown.",
    )
    assert found.machine is not None
    assert (found.machine.serial_number, found.machine.operating_system) == ("MOB7", "iOS")
    by_record = live.device(workplace, JamfNow(), CHOICE, "mobile:7")
    assert by_record == found
