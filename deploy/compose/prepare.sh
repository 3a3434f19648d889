#!/bin/sh
# Makes what compose.yaml needs and no repository has: secrets/ and .env, beside this file. What is there it leaves alone.
#
#   deploy/compose/prepare.sh            beside a M.O.S.S. of yours: says what to fill in
#   deploy/compose/prepare.sh --trial    without one: a simulated JAMF Pro and an empty inventory
set -eu

cd "$(dirname "$0")"
trial=false
case "${1:-}" in
  '') ;;
  --trial) trial=true ;;
  *) echo "usage: prepare.sh [--trial]" >&2; exit 2 ;;
esac

# Containers read the files as a user of their own, so the files are for everybody, and the directory for its owner.
umask 022
mkdir -p secrets
chmod 700 secrets
keep() { # name, value: unless there is such a file
  if [ ! -e "secrets/$1" ]; then printf '%s' "$2" >"secrets/$1"; fi
}
keep POSTGRES_PASSWORD "$(openssl rand -hex 24)"
own="postgresql://dagster:$(cat secrets/POSTGRES_PASSWORD)@postgres:5432"
keep DAGSTER_PG_URL "$own/dagster"

if $trial; then
  keep MOSS_DATABASE_URL "$own/trial"
  keep JAMF_CLIENT_SECRET simulated-client-secret
  if [ ! -e secrets/simulator.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj /CN=simulator -addext subjectAltName=DNS:simulator,IP:127.0.0.1 \
      -keyout secrets/simulator.key -out secrets/simulator.crt 2>/dev/null
    cat secrets/simulator.key secrets/simulator.crt >secrets/simulator.pem
    rm secrets/simulator.key secrets/simulator.crt
  fi
  if [ ! -e .env ]; then
    cat >.env <<'END'
COMPOSE_PROFILES=simulator
JAMF_BASE_URL=https://simulator:8443
JAMF_CLIENT_ID=simulated-client
SSL_CERT_FILE=/run/secrets/simulator.pem
MOSS_JAMF_INIT=--create-moss
# The companion's own small pages, in the place of M.O.S.S.
MOSS_JAMF_SERVE=--with-inventory
MOSS_UPSTREAM=companion:3100
END
  fi
fi
for name in MOSS_DATABASE_URL JAMF_CLIENT_SECRET ENCRYPTION_KEY NEXTAUTH_SECRET MOSS_JAMF_ALERT_URL MOSS_JAMF_SMTP_PASSWORD simulator.pem; do
  keep "$name" ''
done
if [ ! -e .env ]; then
  cat >.env <<'END'
# M.O.S.S. itself, as containers reach it.
MOSS_UPSTREAM=host.docker.internal:3000
# JAMF Pro. Leave all three empty if M.O.S.S. has them (moss-jamf credentials set).
JAMF_BASE_URL=
JAMF_CLIENT_ID=
# Where people open the Dagster UI, and M.O.S.S. with the companion, for links to them.
DAGSTER_PUBLIC_URL=http://127.0.0.1:3001
MOSS_PUBLIC_URL=
END
fi
chmod 644 secrets/* .env

if [ -s secrets/MOSS_DATABASE_URL ]; then
  echo "Ready. Next: docker compose up --detach --build"
else
  echo "Next: write the addresses into $(pwd)/.env and the secrets into $(pwd)/secrets/ (MOSS_DATABASE_URL first),"
  echo "then: docker compose up --detach --build"
fi
