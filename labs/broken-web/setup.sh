#!/bin/bash
# Builds the shop and breaks it in five places. Runs on every host at once; only node1 has something to do.
set -euo pipefail
[ "$HOST" = node1 ] || exit 0

mkdir -p /srv/shop/web /srv/shop/web-conf /srv/shop/db /srv/shop/db-conf

cat > /srv/shop/web/index.html <<'EOF'
<!doctype html>
<title>The shop</title>
<h1>The shop is open</h1>
EOF
cat > /srv/shop/web-conf/shop.conf <<'EOF'
server {
    listen 80;
    root /srv/web;
    resolver 127.0.0.11 valid=1s ipv6=off;
    proxy_connect_timeout 2s;

    location /orders {
        set $database db;
        proxy_pass http://$database:5984/orders.json$is_args$args;
    }
}
EOF
cat > /srv/shop/db/orders.json <<'EOF'
{"orders": 42, "from": "<!--# echo var="hostname" -->", "for": "<!--# echo var="arg_ask" default="" -->"}
EOF
cat > /srv/shop/db-conf/db.conf <<'EOF'
server {
    listen 127.0.0.1:5984;
    root /srv/db;
    default_type application/json;
    # The document tells which server sends it, and what it was asked.
    ssi on;
    ssi_types application/json;
}
EOF

cat > /root/run-web.sh <<'EOF'
#!/bin/bash
# Starts the shop's web server anew.
docker rm -f web
docker run -d --name web --network front -p 127.0.0.1:8080:80 \
  -v /srv/shop/web-conf:/etc/nginx/conf.d:ro -v /srv/shop/web:/srv/web:ro nginx
EOF
chmod +x /root/run-web.sh

docker network create --subnet 172.30.1.0/24 front
docker network create --subnet 172.30.2.0/24 back
docker run -d --name orders-db --network back \
  -v /srv/shop/db-conf:/etc/nginx/conf.d:ro -v /srv/shop/db:/srv/db:ro nginx
/root/run-web.sh
# A container runs before its program listens, and until then the host's proxy answers with nothing.
for try in $(seq 100); do
  curl -sf -o /dev/null http://localhost:8080/ && break
  sleep 0.1
done

iptables -I DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP
iptables -I DOCKER-USER -i eth0 -s 192.168.1.66 -j DROP -m comment --comment "port scanner, stays out"
