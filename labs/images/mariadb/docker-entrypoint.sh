#!/bin/bash
# Makes a database on the first start, with the variables of the well-known images: MARIADB_ROOT_PASSWORD, MARIADB_DATABASE,
# MARIADB_USER and MARIADB_PASSWORD, or the same with MYSQL_.
set -e
case ${1-} in -*) set -- mariadbd "$@" ;; esac
case $1 in mariadbd | mysqld) shift ;; *) exec "$@" ;; esac
for name in ROOT_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD RANDOM_ROOT_PASSWORD DATABASE USER PASSWORD; do
  own=MARIADB_$name
  other=MYSQL_$name
  [ -n "${!own-}" ] || printf -v "$own" %s "${!other-}"
done
[ -z "${MYSQL_ALLOW_EMPTY_PASSWORD-}" ] || MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1
options=()
for option in "$@"; do
  case $option in
    # MySQL's alone. The plugin is what MariaDB takes without being asked.
    --default-authentication-plugin=mysql_native_password | --mysql-native-password=ON) ;;
    *) options+=("$option") ;;
  esac
done
if [ ! -d /var/lib/mysql/mysql ]; then
  if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
    MARIADB_ROOT_PASSWORD=$(head -c 18 /dev/urandom | base64)
    echo "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
  fi
  if [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -z "$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" ]; then
    echo "Database is uninitialized and password option is not specified: set MARIADB_ROOT_PASSWORD (MYSQL_ROOT_PASSWORD), or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 (MYSQL_ALLOW_EMPTY_PASSWORD=1)" >&2
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
exec mariadbd --user=mysql --bind-address='*' "${options[@]}"
