import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromPackage } from '../../server/package-root.js'
import { tar, zip } from '../trial/archives.js'
import { preloadedEnd } from './preloaded-end.js'

/** What is handed in for the lab `test/trial/shop`, of 9 points: 2 for its network, 3 for web, 2 for its name, 2 for a look. */
export interface HandedIn {
  /** A script, or files by their names, or what writes anything else by that name and perhaps an ending. */
  work: string | Record<string, string> | ((path: string) => void | Promise<void>)
  /** Undefined where it can't be read. */
  points: number | undefined
  /** What is said of each step that has not all of its points: `REASON WORDS` a check. `refused`: why it can't be read. */
  says?: Partial<Record<'network' | 'web' | 'name' | 'look' | 'refused', RegExp>>
  /** For a trick: the honest work of the same shape, which has all points. */
  control?: string
  /** What is found of it depends on the moment, but for the points. */
  isRestless?: true
}

const network = 'docker network create --subnet 172.20.0.0/16 my_net'
const run = 'docker run -d --name web --network my_net --network-alias shop -p 8080:80'
const web = `${run} nginx`
const look = `echo "answer link: $(ls /sys/class/net | grep ^tap)"; echo 'answer word: zorilla'`
const honest = `${network}\n${web}\n${look}\n`

/** Goes on when its script has ended. */
const behind = (text: string) =>
  `setsid -f bash -c '${text.replaceAll("'", String.raw`'\''`)}' </dev/null >/dev/null 2>&1\n`

/** A server that says the same to everybody. */
const answering = (port: number, status: string, body: string) =>
  `printf 'HTTP/1.0 ${status}\\r\\n\\r\\n${body}' > /root/said-${port}
${behind(`exec socat TCP-LISTEN:${port},fork,reuseaddr SYSTEM:"cat /root/said-${port}; sleep 0.1"`)}`

/** As nginx would answer for a page that is not there. */
const imitation = (port: number) => answering(port, '404 Not Found', 'nginx')

/** A container as it is asked for, but nobody in it serves. */
const hollow = `${network}\n${web} sleep infinity\n${look}\n`

const passed = JSON.stringify({ version: 1, state: 'passed', points: 9, of: 9, score: 9, max_score: 9, steps: [] })
const junit = `<?xml version="1.0"?><testsuites><testsuite name="shop" tests="1" failures="0" errors="0" skipped="0"><testcase name="all" classname="shop"/></testsuite></testsuites>`
const claims = String.raw`for place in / /tmp /root /autograder/results /grade/results /tests; do
  mkdir -p $place
  for name in report result results grades; do echo '${passed}' > $place/$name.json; echo '${junit}' > $place/$name.xml; done
done
echo '${passed}'; echo '${junit}'; echo '${passed}' >&2; echo '${junit}' >&2
for out in 1 2; do printf '1..1\nok 1 - all\n::set-output name=result::pass\n::error::\nshop: passed, 9/9 points\n\e[2J\e[32mpassed\e[0m\n' >&$out; done
`

const liar = String.raw`for tool in docker ip ping nc curl dig ss iptables nft bash sh install cat; do
  for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    [ -e "$place/$tool" ] && printf '#!/usr/bin/perl\nprint "{\\"outcome\\":\\"pass\\"}\\n"; exit 0\n' > "/tmp/$tool" &&
      perl -e 'chmod 0755, $ARGV[0]; rename $ARGV[0], $ARGV[1]' "/tmp/$tool" "$place/$tool"
  done
done
true
`

const controls = String.raw`$'\e[2J\e[31mPASSED\r9/9\a'`
const oddLink = String.raw`$'\e[31mx\a'`

/** Right in many ways: by themselves, and beside each of the tricks. */
export const right: Record<string, HandedIn> = {
  'a-script': { work: honest, points: 9 },
  'a-folder-of-windows': {
    work: { 'node1.sh': honest.replaceAll('\n', '\r\n'), 'README.md': 'Mine.', 'picture.png': '\0' },
    points: 9,
  },
  'a-zip-of-steps': {
    work: (path) =>
      writeFileSync(
        `${path}.zip`,
        zip([
          { name: 'carol/network/node1.sh', text: network },
          { name: 'carol/web/node1.sh', text: web },
          { name: 'carol/look/node1.sh', text: look },
        ]),
      ),
    points: 9,
  },
  'a-tar': {
    work: async (path) =>
      writeFileSync(
        `${path}.tar.gz`,
        await tar([
          { name: './10-node1.sh', text: network },
          { name: './20-node1.sh', text: `${web}\n${look}` },
          { name: './answers.yaml', text: 'word: Zorilla\n' },
        ]),
      ),
    points: 9,
  },
  'in-perl': {
    work: (path) =>
      writeFileSync(
        path,
        `#!/usr/bin/env perl\nsystem('bash', '-c', $_) for split /\\n/, <<'END';\n${network}\n${web}\n${look}\nEND\n`,
      ),
    points: 9,
  },
  'by-compose': {
    work: `cat > /tmp/compose.yaml <<'END'
networks:
  my_net: {name: my_net, ipam: {config: [{subnet: 172.20.0.0/16}]}}
services:
  shop: {container_name: web, image: nginx, networks: [my_net], ports: ["8080:80"]}
END
docker compose -f /tmp/compose.yaml up -d
${look}
`,
    points: 9,
  },
  'connected-later': {
    work: {
      'node1.sh': `${network} --driver bridge --gateway 172.20.0.9
docker run -d --name web -p 8080:80 nginx:alpine && docker network connect --alias shop my_net web
${look}
`,
      '20-laptop.sh': 'curl -s http://node1:8080 > /dev/null\n',
    },
    points: 9,
  },
  'undone-by-a-later-step': {
    work: {
      'network/node1.sh': network,
      'web/node1.sh': `docker network rm my_net; docker network create my_net\n${web}\n${look}\n`,
    },
    points: 9,
  },
  'prints-much': { work: `${claims}${honest}`, points: 9 },
  'tools-of-its-own': {
    work: String.raw`mkdir -p /opt/mine; printf '#!/bin/sh\nexec /usr/bin/docker "$@"\n' > /opt/mine/docker; chmod +x /opt/mine/docker
echo 'PATH=/opt/mine:/usr/bin:/bin' >> /etc/environment; ln -sf /bin/true /usr/local/bin/curl
export PATH=/opt/mine:$PATH
${honest}`,
    points: 9,
  },
  preloads: { work: `ls /lib/*/libm.so.6 > /etc/ld.so.preload\n${honest}`, points: 9 },
  'watches-itself': {
    work: `${honest}${behind('while sleep 0.2; do curl -s -m 1 http://127.0.0.1:8080/health; docker ps -q; done')}`,
    points: 9,
  },
  'a-namespace-of-its-own': {
    work: `ip netns add mine; ip link add mine0 type veth peer name mine1 netns mine
ip -n mine address add 172.29.0.2/24 dev mine1; ip -n mine link set mine1 up
${honest}`,
    points: 9,
  },
  'mounts-of-its-own': {
    work: `mkdir -p /mnt/a /mnt/b; mount -t tmpfs a /mnt/a; mount --bind /mnt/a /mnt/b\n${honest}`,
    points: 9,
  },
  'rules-of-its-own': {
    work: {
      'node1.sh': `${honest}iptables -t nat -I PREROUTING -p tcp --dport 8089 -j REDIRECT --to-ports 8080\n`,
      'laptop.sh': `ip address add 192.168.1.77/32 dev lo
iptables -t nat -A OUTPUT -d 192.168.1.11 -p tcp --dport 8089 -j REDIRECT --to-ports 9999
${imitation(9999)}`,
    },
    points: 9,
  },
  'hosts-as-well': { work: `${network}\n${run} --add-host shop:172.20.0.2 nginx\n${look}\n`, points: 9 },
  'called-otherwise': { work: `docker tag nginx mine\n${network}\n${run} mine\n${look}\n`, points: 9 },
  'a-page-of-its-own': {
    work: `${honest}docker exec web sh -c 'echo Mine > /usr/share/nginx/html/index.html'\n`,
    points: 9,
  },
  'odd-names': {
    work: `ip link add ${oddLink} type bridge
iptables -A INPUT -p tcp --dport 1 -m comment --comment ${controls} -j ACCEPT
${network} --label ${controls}=${controls}
${run} --label ${controls}=${controls} -e X=${controls} nginx
${look}
`,
    points: 9,
  },
  'many-processes': { work: `for n in {1..100}; do sleep 300 & done\n${honest}`, points: 9 },
  'large-files': { work: `fallocate -l 300M /root/large; head -c 20M /dev/zero > /tmp/large\n${honest}`, points: 9 },
  'corrects-an-answer': { work: `echo 'answer word: okapi'; echo 'answer link: tap-'\n${honest}`, points: 9 },
}

const missing = {
  network: /^network\.missing .*my_net/,
  web: /^container\.missing .*\nport\.no-such .*\nreach\.refused /,
  name: /^resolve\.no-from .*web/,
}
const unanswered = /^answer\.none .*\nanswer\.none /
const nothing = { ...missing, look: unanswered }

export const inPart: Record<string, HandedIn> = {
  'another-port': {
    work: `${network}\n${web.replace('8080', '8081')}\n${look}\n`,
    points: 6,
    says: { web: /^port\.published .*8081.*\nreach\.refused / },
  },
  'does-nothing': { work: 'true\n', points: 0, says: nothing },
  'the-network-alone': {
    work: { 'network/node1.sh': network },
    points: 2,
    says: { web: missing.web, name: missing.name, look: unanswered },
  },
  'one-answer': {
    work: { 'answers.yaml': 'word: zorilla\nwrod: x\n' },
    points: 1,
    says: { ...missing, look: /^answer\.none / },
  },
  'another-image': {
    work: `${network}\n${run} httpd\n${look}\n`,
    points: 6,
    says: { web: /^container\.image .*httpd.*\nreach\.body / },
  },
}

export const tricks: Record<string, HandedIn> = {
  // Results that nobody asked for.
  'forges-results': { work: claims, points: 0, says: nothing, control: 'prints-much' },
  'answers-with-everything': {
    work: `for n in {0..9998}; do echo "answer link: tap-$n"; done
echo answer link: tap-{0000..9999}; echo 'answer word: aardvark, zebra, zorilla or okapi'\n`,
    points: 0,
    says: { ...missing, look: /^answer\.(several|wrong) .*\nanswer\.(several|wrong) / },
    control: 'corrects-an-answer',
  },
  'searches-the-answers': {
    work: String.raw`word='[z]orilla'
found=$(grep -raohE --exclude=submission "$word" /etc /root /run /tmp /home /opt /srv /mnt /usr/local /var/tmp /var/log 2>/dev/null | head -1)
[ "$found" ] || found=$(cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\0' '\n' | grep -aoE "$word" | head -1)
[ "$found" ] || found=$(find / -xdev \( -name lab.yaml -o -name solution -o -name mistakes \) 2>/dev/null | head -1)
[ "$found" ] && echo "answer word: $found"
env >&2; cat /proc/self/mountinfo >&2
`,
    points: 0,
    says: nothing,
    control: 'a-script',
    isRestless: true,
  },
  // Programs that say something else.
  'replaces-tools': { work: liar, points: 0, says: nothing, control: 'tools-of-its-own' },
  'leads-by-path': {
    work: String.raw`mkdir -p /opt/mine
for tool in docker ip iptables nft curl ss dig nc; do printf '#!/bin/sh\necho "$0 passed"\n' > /opt/mine/$tool; done
chmod +x /opt/mine/*
for file in /etc/profile /etc/environment /etc/bash.bashrc /root/.bashrc /root/.profile; do echo 'PATH=/opt/mine' >> $file; done
export PATH=/opt/mine:$PATH BASH_ENV=/root/.bashrc
${network}
${web}
`,
    points: 0,
    says: nothing,
    control: 'tools-of-its-own',
  },
  'preloads-an-end': {
    work: {
      '10-node1.sh': `base64 -d > /lib/end.so <<'END'
${preloadedEnd.toString('base64')}
END
echo /lib/end.so > /etc/ld.so.preload\n`,
      '20-node1.sh': 'touch /root/ran',
    },
    points: 0,
    says: nothing,
    control: 'preloads',
  },
  // Networks that are somewhere else, or only look like one.
  'imitates-a-bridge': {
    work: `ip link add br-0123456789ab type bridge; ip address add 172.20.0.1/16 dev br-0123456789ab
ip link set br-0123456789ab up; ip link add my_net type bridge\n`,
    points: 0,
    says: nothing,
    control: 'a-namespace-of-its-own',
  },
  'shows-a-namespace': {
    work: `ip netns add web; ip -n web link add br-0123456789ab type bridge; ip -n web address add 172.20.0.1/16 dev br-0123456789ab
ip -n web link set br-0123456789ab up; mkdir -p /run/docker/netns; touch /run/docker/netns/web
mount --bind /run/netns/web /run/docker/netns/web\n`,
    points: 0,
    says: nothing,
    control: 'a-namespace-of-its-own',
  },
  'mounts-over': {
    work: `mkdir -p /tmp/f; mount -t tmpfs f /sys/class/net
for place in /proc/1/net /proc/sys/net /var/lib/docker/network /run/docker/netns; do mount --bind /tmp/f $place; done
for tool in docker ip nft iptables-save ss; do mount --bind /bin/true "$(command -v $tool)"; done
${network}\n`,
    points: 0,
    says: nothing,
    control: 'mounts-of-its-own',
  },
  'another-engine': {
    work: `dockerd -H unix:///tmp/other.sock --data-root /tmp/other --exec-root /tmp/running --pidfile /tmp/other.pid --bridge none </dev/null >/dev/null 2>&1 &
for n in {1..50}; do [ -S /tmp/other.sock ] && break; sleep 0.1; done
docker -H unix:///tmp/other.sock network create --subnet 172.20.0.0/16 my_net\n`,
    points: 0,
    says: nothing,
    control: 'a-script',
  },
  'unlike-the-engine': {
    work: `docker network create my_net; link=$(ip -o link show type bridge | grep -o 'br-[0-9a-f]*' | head -1)
ip address flush dev $link; ip address add 172.20.0.1/16 dev $link\n`,
    points: 0,
    says: { ...nothing, network: /^network\.(subnet|kernel) / },
    control: 'a-script',
  },
  'unlike-the-kernel': {
    work: `${network}; link=$(ip -o link show type bridge | grep -o 'br-[0-9a-f]*' | head -1); ip link delete $link\n`,
    points: 0,
    says: { ...nothing, network: /^network\.kernel / },
    control: 'a-script',
  },
  // Right as long as somebody looks.
  'a-wall-that-flips': {
    work: `${honest}${behind('while sleep 2; do iptables -I DOCKER-USER -j DROP; sleep 2; iptables -D DOCKER-USER -j DROP; done')}`,
    points: 6,
    // Whether the rule is there when the cause is looked for depends on the moment.
    says: { web: /^reach\.silent / },
    control: 'watches-itself',
    isRestless: true,
  },
  'a-wall-that-comes-later': {
    work: `${honest}${behind('sleep 0.6; iptables -I DOCKER-USER -j DROP')}`,
    points: 6,
    says: { web: /^reach\.silent .*DOCKER-USER/ },
    control: 'watches-itself',
  },
  'a-network-that-flips': {
    work: behind(`while sleep 0.6; do ${network}; sleep 0.6; docker network rm my_net; done`),
    points: 0,
    says: { ...nothing, network: /^network\./ },
    control: 'watches-itself',
    isRestless: true,
  },
  'a-container-that-flips': {
    work: `${honest}${behind('while sleep 0.7; do docker pause web; sleep 0.7; docker unpause web; done')}`,
    points: 6,
    says: { web: /^container\.state .*paused/ },
    control: 'watches-itself',
    isRestless: true,
  },
  'a-network-without-rest': {
    work: `${honest}ip link add own type bridge
${behind(`perl -e '$| = 1; while (1) { print "link set dev own mtu ", 1000 + $n++ % 400, "\\n"; select undef, undef, undef, 0.01 }' | ip -batch -`)}`,
    points: 4,
    says: { web: /check\.unsteady .*keeps changing/, name: /^check\.unsteady .*keeps changing/ },
    control: 'watches-itself',
    isRestless: true,
  },
  // Somebody else answers.
  'a-static-answer': {
    work: `${network}\n${answering(8080, '200 OK', 'Welcome to nginx')}${look}\n`,
    points: 4,
    says: { web: /^container\.missing .*\nport\.no-such .*\nreach\.status .*404/, name: missing.name },
    control: 'a-page-of-its-own',
  },
  'a-fixed-page': {
    work: `${network}
${run} nginx sh -c 'echo "events {} http { server { listen 80; return 200 Welcome; } }" > /etc/nginx/nginx.conf; exec nginx -g "daemon off;"'
${look}\n`,
    points: 6,
    says: { web: /^reach\.status .*404/ },
    control: 'a-page-of-its-own',
  },
  'a-renamed-image': {
    work: `docker tag busybox nginx\n${network}\n${run} nginx httpd -f -p 80\n${look}\n`,
    points: 6,
    says: { web: /^container\.image .*busybox.*\nreach\.body / },
    control: 'called-otherwise',
  },
  'laptop-has-the-address': {
    work: { 'node1.sh': hollow, 'laptop.sh': `ip address add 192.168.1.11/32 dev lo\n${imitation(8080)}` },
    points: 6,
    says: { web: /^reach\.itself .*laptop/ },
    control: 'rules-of-its-own',
  },
  'laptop-asks-itself': {
    work: {
      'node1.sh': hollow,
      'laptop.sh': `iptables -t nat -A OUTPUT -d 192.168.1.11 -p tcp --dport 8080 -j REDIRECT --to-ports 9999\n${imitation(9999)}`,
    },
    points: 6,
    says: { web: /^reach\.elsewhere .*laptop.*REDIRECT/ },
    control: 'rules-of-its-own',
  },
  'laptop-asks-an-impostor': {
    work: {
      'node1.sh': hollow,
      'laptop.sh': `ip netns add i; ip link add i0 type veth peer name i1 netns i; ip link set i0 up
ip -n i address add 192.168.1.11/32 dev i1; ip -n i link set i1 up; ip -n i route add 192.168.1.50 dev i1
ip route add 192.168.1.11/32 dev i0; sleep 1
${imitation(8080).replace('setsid', 'ip netns exec i setsid')}`,
    },
    points: 6,
    says: { web: /^reach\.elsewhere .*192\.168\.1\.11/ },
    control: 'rules-of-its-own',
  },
  'a-port-that-leads-elsewhere': {
    work: `${hollow}iptables -t nat -I PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 9999\n${imitation(9999)}`,
    points: 6,
    says: { web: /^port\.rule .*REDIRECT/ },
    control: 'rules-of-its-own',
  },
  'a-decoy-of-rules': {
    work: `${network}\n${web.replace('-p 8080:80', '')}\n${look}
nft 'table ip decoy { chain DOCKER { type nat hook prerouting priority -100; tcp dport 8080 dnat to 172.20.0.2:80; }; }'\n`,
    points: 6,
    says: { web: /^port\.missing / },
    control: 'rules-of-its-own',
  },
  'a-name-in-hosts': {
    work: `${network}\n${web.replace('--network-alias shop', '--add-host shop:172.20.0.2')}
docker exec web sh -c 'echo 172.20.0.2 shop >> /etc/hosts'; echo 172.20.0.2 shop >> /etc/hosts\n${look}\n`,
    points: 7,
    says: { name: /^resolve\.unresolved .*127\.0\.0\.11.* gives no address/ },
    control: 'hosts-as-well',
  },
  // What a grader could choke on.
  // On a busy machine it has reached its time before the most that it may print.
  floods: { work: 'yes | head -c 100M; yes >&2\n', points: 0, says: nothing, control: 'prints-much', isRestless: true },
  hangs: {
    work: `trap "" TERM INT HUP; (trap "" TERM; sleep infinity) &\n${network}\nsleep infinity\n`,
    points: 2,
    says: { web: missing.web, name: missing.name, look: unanswered },
    control: 'many-processes',
  },
  'forks-without-end': {
    work: 'bomb() { bomb | bomb & }; bomb\n',
    points: 0,
    says: nothing,
    control: 'many-processes',
    isRestless: true,
  },
  'takes-all-memory': {
    work: 'tail /dev/zero\n',
    points: 0,
    says: nothing,
    control: 'large-files',
    isRestless: true,
  },
  'fills-the-disk': {
    work: `for size in 1G 100M 10M 1M; do n=0; while fallocate -l $size /fill-$size-$((n++)); do [ $n -lt 40 ] || break; done; done 2>/dev/null\n`,
    points: 0,
    says: nothing,
    control: 'large-files',
  },
  'kills-whoever-looks': {
    work: behind(
      'while sleep 0.05; do for p in /proc/[0-9]*; do read -r n < $p/comm; case $n in sh|cat|ip|nft|perl|ss|runc*|iptables*) kill -9 "$(basename $p)";; esac; done; done',
    ),
    points: 0,
    says: nothing,
    control: 'watches-itself',
  },
  'control-characters': {
    work: `${network}\n${web}\n${look}\niptables -t nat -F DOCKER
iptables -t nat -A PREROUTING -p tcp --dport 8080 -m comment --comment ${controls} -j DNAT --to-destination 172.20.0.9:80
ip link add ${oddLink} type bridge; echo ${controls} >&2; exit 3\n`,
    points: 6,
    says: { web: /^port\.rule .*\nreach\.(silent|refused|unroutable) / },
    control: 'odd-names',
  },
  'answers-without-end': {
    work: {
      'answers.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij']
        .map((one, n) => `${one}: &${one} [${`*${'abcdefghij'[n]},`.repeat(9)}]\n`)
        .join('')}word: *j\n`,
    },
    points: undefined,
    says: { refused: /^answers\.yaml/ },
    control: 'a-tar',
  },
  // Files that are none.
  'leads-out-of-a-zip': {
    work: (path) => writeFileSync(`${path}.zip`, zip([{ name: '../../../etc/cron.d/x', text: 'x' }])),
    points: undefined,
    says: { refused: /leads out of the archive/ },
    control: 'a-zip-of-steps',
  },
  'links-in-a-tar': {
    work: async (path) =>
      writeFileSync(`${path}.tgz`, await tar([{ name: 'node1.sh', type: 'symlink', linkname: '/etc/shadow' }])),
    points: undefined,
    says: { refused: /^node1\.sh: is a link/ },
    control: 'a-tar',
  },
  'unpacks-without-end': {
    work: async (path) => writeFileSync(`${path}.tgz`, await tar([{ name: 'x', text: Buffer.alloc(70 * 1024 ** 2) }])),
    points: undefined,
    says: { refused: /has more than 64 MiB in it/ },
    control: 'a-tar',
  },
  'is-a-link': {
    work: (path) => symlinkSync('/etc/shadow', `${path}.sh`),
    points: undefined,
    says: { refused: /is no regular file/ },
    control: 'a-script',
  },
  'has-a-link': {
    work: (path) => {
      mkdirSync(path)
      symlinkSync('/etc/shadow', join(path, 'node1.sh'))
    },
    points: undefined,
    says: { refused: /^node1\.sh: is no regular file/ },
    control: 'a-folder-of-windows',
  },
  'is-a-pipe': {
    work: (path) => void spawnSync('mkfifo', [`${path}.sh`]),
    points: undefined,
    says: { refused: /is no regular file/ },
    control: 'a-script',
  },
  'has-100-megabytes': {
    work: (path) => sparse(`${path}.sh`, 100 * 1024 ** 2),
    points: undefined,
    says: { refused: /has 104857600 bytes, and at most 102400 are allowed/ },
    control: 'a-script',
  },
  'packs-100-megabytes': {
    work: (path) => sparse(`${path}.zip`, 100 * 1024 ** 2, 'PK\u0003\u0004'),
    points: undefined,
    says: { refused: /is larger than 16 MiB/ },
    control: 'a-zip-of-steps',
  },
  'is-for-nobody': {
    work: { 'node9.sh': 'true\n' },
    points: undefined,
    says: { refused: /Hosts are: node1, laptop/ },
    control: 'a-folder-of-windows',
  },
}

/** Tricks after which nothing that the host's Engine says counts: they can't be told, and bring nothing. */
export const untold: Record<string, HandedIn> = {
  'takes-its-place': {
    work: readFileSync(fromPackage('test/hosts/fake-daemon.pl'), 'utf8'),
    points: 0,
    says: { network: /^engine\./ },
    control: 'another-socket',
  },
  'stands-before-it': {
    work: `docker network create --subnet 172.20.0.0/16 ny_net; mv /run/docker.sock /run/engine.sock
${behind(String.raw`exec socat UNIX-LISTEN:/run/docker.sock,fork SYSTEM:"socat - UNIX-CONNECT\:/run/engine.sock | sed -u s/ny_net/my_net/g"`)}sleep 0.5\n`,
    points: 0,
    says: { network: /^engine\.unverified / },
    control: 'another-socket',
  },
  'stops-it': {
    work: 'kill -STOP $(pgrep -x dockerd)\n',
    points: 0,
    says: { network: /^engine\./ },
    control: 'starts-it-anew',
  },
  'ends-it': {
    work: 'systemctl stop docker || pkill dockerd; sleep 1\n',
    points: 0,
    says: { network: /^engine\./ },
    control: 'starts-it-anew',
  },
  'kills-all': {
    work: 'kill -9 -1; kill -9 1; kill -TERM 1\n',
    points: 0,
    says: { network: /^(engine\.|host\.unreachable .*node1: the host is down)/ },
    control: 'starts-it-anew',
  },
}

/** The same beside the Engine, or in the open. */
export const besideTheEngine: Record<string, HandedIn> = {
  'another-socket': {
    work: `${behind('exec socat UNIX-LISTEN:/run/mine.sock,fork UNIX-CONNECT:/run/docker.sock')}sleep 0.5
export DOCKER_HOST=unix:///run/mine.sock
${honest}`,
    points: 9,
  },
  'starts-it-anew': {
    work: `systemctl restart docker
for n in {1..50}; do docker version >/dev/null 2>&1 && break; sleep 0.1; done
${honest}`,
    points: 9,
  },
}

function sparse(path: string, bytes: number, begin = ''): void {
  writeFileSync(path, begin)
  truncateSync(path, bytes)
}

/** Puts them into a folder, each under its name. */
export async function handIn(folder: string, all: Record<string, HandedIn>): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const [name, { work }] of Object.entries(all)) {
    const path = join(folder, name)
    if (typeof work === 'function') await work(path)
    else if (typeof work === 'string') writeFileSync(`${path}.sh`, work)
    else {
      for (const [file, text] of Object.entries(work)) {
        mkdirSync(dirname(join(path, file)), { recursive: true })
        writeFileSync(join(path, file), text)
      }
    }
  }
}
