#!/bin/sh
# As root, from the checkout: installs the project into /opt/moss-jamf, a user, settings, places for secrets, and the units.
# Run it again for a new version; settings and secrets that are there stay.
set -eu

here="$(cd "$(dirname "$0")" && pwd)"
project="$(cd "$here/../.." && pwd)"

rm -rf /opt/moss-jamf
"$project/deploy/image/install.sh" /opt/moss-jamf
id moss-jamf >/dev/null 2>&1 || useradd --system --home-dir /var/lib/moss-jamf --shell /usr/sbin/nologin moss-jamf
install --directory --owner=moss-jamf --group=moss-jamf --mode=0750 /var/lib/moss-jamf
install --mode=0644 "$project/dagster.yaml" "$here/workspace.yaml" /var/lib/moss-jamf/
install --directory --mode=0755 /etc/moss-jamf
install --directory --mode=0700 /etc/moss-jamf/secrets
[ -e /etc/moss-jamf/settings ] || install --mode=0644 "$here/settings" /etc/moss-jamf/settings
for name in MOSS_DATABASE_URL DAGSTER_PG_URL JAMF_CLIENT_SECRET ENCRYPTION_KEY NEXTAUTH_SECRET MOSS_JAMF_ALERT_URL MOSS_JAMF_SMTP_PASSWORD; do
  [ -e "/etc/moss-jamf/secrets/$name" ] || install --mode=0600 /dev/null "/etc/moss-jamf/secrets/$name"
done
install --mode=0644 "$here"/*.service "$here"/*.target /etc/systemd/system/
systemctl daemon-reload
echo "Next: write the secrets into /etc/moss-jamf/secrets (MOSS_DATABASE_URL, DAGSTER_PG_URL), look at /etc/moss-jamf/settings, then:"
echo "  systemctl enable --now moss-jamf.target"
