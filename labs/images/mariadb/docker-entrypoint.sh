#!/bin/sh
# Makes a database on the first start, with the variables of the well-known image:
# MARIADB_ROOT_PASSWORD, MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD.
set -e
[ "$1" = mariadbd ] || exec "$@"
shift
if [ ! -d /var/lib/mysql/mysql ]; then
  if [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -z "$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
    echo "mariadb: set MARIADB_ROOT_PASSWORD, or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1" >&2
    exit 1
  fi
  mariadb-install-db --user=mysql --datadir=/var/lib/mysql --skip-test-db > /dev/null
  # A quoted SQL string: backslashes and quotes doubled.
  quote() { printf "'%s'" "$(printf %s "$1" | sed 's/\\/\\\\/g; s/'"'"'/&&/g')"; }
  {
    echo "FLUSH PRIVILEGES;"
    echo "ALTER USER root@localhost IDENTIFIED BY $(quote "$MARIADB_ROOT_PASSWORD");"
    echo "CREATE USER root@'%' IDENTIFIED BY $(quote "$MARIADB_ROOT_PASSWORD");"
    echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
    database=$(printf %s "$MARIADB_DATABASE" | sed 's/`/&&/g')
    [ -z "$database" ] || echo "CREATE DATABASE \`$database\`;"
    if [ -n "$MARIADB_USER" ]; then
      echo "CREATE USER $(quote "$MARIADB_USER")@'%' IDENTIFIED BY $(quote "$MARIADB_PASSWORD");"
      [ -z "$database" ] || echo "GRANT ALL ON \`$database\`.* TO $(quote "$MARIADB_USER")@'%';"
    fi
  } | mariadbd --user=mysql --bootstrap --skip-networking > /dev/null
fi
exec mariadbd --user=mysql --bind-address='*' "$@"
