#!/bin/bash
# Makes a database on the first start, with the variables of the well-known image: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB
# and POSTGRES_HOST_AUTH_METHOD, and runs the scripts of /docker-entrypoint-initdb.d.
set -e
case ${1-} in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"
case " $* " in *' --version '* | *' -V '* | *' --help '* | *' -? '*) exec "$@" ;; esac
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
mkdir -p "$PGDATA"
chown -R postgres:postgres "$PGDATA"
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  if [ -z "${POSTGRES_PASSWORD-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD-}" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust" >&2
    exit 1
  fi
  password=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:-none}" > "$password"
  chown postgres "$password"
  as_postgres initdb --username="$user" --pwfile="$password" --auth-local=trust --encoding=UTF8 > /dev/null
  rm "$password"
  printf 'host all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"
  as_postgres pg_ctl -s -w -o "-c listen_addresses=''" start > /dev/null
  database=${POSTGRES_DB:-$user}
  [ "$database" = postgres ] || as_postgres createdb -U "$user" "$database"
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) as_postgres psql -q -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$script" ;;
      *.sh) as_postgres bash "$script" ;;
    esac
  done
  as_postgres pg_ctl -s -w -m fast stop > /dev/null
fi
shift
exec setpriv --reuid=postgres --regid=postgres --init-groups postgres -c listen_addresses='*' "$@"
