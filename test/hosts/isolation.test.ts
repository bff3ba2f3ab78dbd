import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cgroupMode } from '../../server/machine/cgroup.js'
import { fromPackage } from '../../server/package-root.js'
import { run } from '../../server/rack/command.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import type { ExecOptions, RackInfo } from '../../server/racks/racks.js'
import { type Foothold, footholds } from './foothold.js'
import { testState as state } from './state.js'
import { type Call, errnoName, numberOf, outcomes, systemCalls } from './system-calls.js'

/*
 * An attacker has a rack: root in its hosts, and Docker. He tries to get at the machine and at another rack, which has
 * the very same addresses. Whatever fails is tried where it works too, to show that it was really tried.
 */

const lan = { subnet: '192.168.1.0/24', subnet6: 'fd00:1::/64' }
const port = 7000
const cgroups = await cgroupMode()

let scratch: string
/** A file of the machine's that anybody on it may read: nothing but isolation keeps it from the attacker. */
let secret: string
let racks: LocalRacks
let mine: RackInfo
let others: RackInfo

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vethlab-isolation-'))
  await chmod(scratch, 0o755)
  secret = join(scratch, 'secret')
  await writeFile(secret, randomBytes(16).toString('hex'))
  racks = await LocalRacks.start(state)
  ;[mine, others] = await Promise.all([
    racks.open({
      hosts: { attacker: 'docker', neighbour: 'plain' },
      lans: { lan: { ...lan, at: { attacker: '.11', neighbour: '.12' } } },
    }),
    racks.open({
      hosts: { twin: 'plain', victim: 'plain' },
      lans: { lan: { ...lan, at: { twin: '.12', victim: '.13' } } },
    }),
  ])
  // Each says who it is: the neighbour and its twin have the same address.
  for (const [rack, host] of [[mine, 'neighbour'] as const, [others, 'twin'] as const, [others, 'victim'] as const]) {
    await racks.exec(rack.id, host, [
      'sh',
      '-c',
      `socat TCP6-LISTEN:${port},ipv6only=0,fork,reuseaddr SYSTEM:'echo ${host}' > /dev/null 2>&1 &`,
    ])
  }
})
afterAll(async () => {
  await racks?.closeAll()
  await rm(scratch, { recursive: true, force: true })
})

/** Runs a program from a foothold in the attacker's host. */
function inside(foothold: Foothold, argv: string[], options?: ExecOptions) {
  return racks.exec(mine.id, 'attacker', foothold.run(argv), options)
}

/** Runs a script there, that finds the host's files below `$H` and further arguments in `$1` and so on. */
async function script(foothold: Foothold, text: string, ...args: string[]) {
  const result = await inside(foothold, ['sh', '-c', `H=${foothold.root}\n${text}`, 'sh', ...args])
  return { ...result, stdout: result.stdout.trim() }
}

async function callsInside(foothold: Foothold, calls: Record<string, Call>, before = '') {
  const result = await inside(foothold, systemCalls(calls, `my $H = '${foothold.root}'; ${before}`))
  return outcomes(result.stdout)
}

/** The same calls by the machine's own root. */
async function callsOutside(calls: Record<string, Call>, before = '') {
  const [file, ...args] = systemCalls(calls, `my $H = ''; ${before}`)
  return outcomes((await run(file!, args)).stdout)
}

/** What a listener says, from the machine. */
async function answerOf(listener: { path: string } | { host: string; port: number }): Promise<string> {
  const socket = net.connect(listener)
  let said = ''
  socket.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  await once(socket, 'close')
  return said
}

/** In a shell: what a listener says, and nothing when there is none. */
const ask = 'ask() { nc -w 1 "$1" "$2" < /dev/null 2> /dev/null; }'

const macOf = async (rack: RackInfo, host: string) =>
  (await racks.exec(rack.id, host, ['cat', '/sys/class/net/eth0/address'])).stdout.trim()

/** Frames that a host sees within some seconds: one line each. */
async function framesAt(rack: RackInfo, host: string, seconds: number, filter: string): Promise<string[]> {
  const argv = ['timeout', `${seconds}`, 'tcpdump', '-n', '-e', '-l', '-i', 'eth0', filter]
  const { stdout, stderr } = await racks.exec(rack.id, host, argv)
  expect(stderr).toContain('listening on eth0')
  return stdout.split('\n').filter(Boolean)
}

describe.each(footholds)('From $name, root of a host', (foothold) => {
  it('makes no device, and mounts no file system that is not made for it', async () => {
    const makedev = (major: number, minor: number) => (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12)
    const disks = [...readFileSync('/proc/partitions', 'utf8').matchAll(/^ *(\d+) +(\d+) +\d+ (\S+)$/gm)]
    expect(disks.length).toBeGreaterThan(0)
    const node = (name: string, type: number, device: number): Record<string, Call> => ({
      [name]: ['mknodat', -100, `"$H/tmp/${name}-$$"`, type | 0o600, device],
    })
    const block = 0o060000
    const character = 0o020000
    const nodes = {
      ...Object.assign({}, ...disks.map(([, major, minor, name]) => node(name!, block, makedev(+major!, +minor!)))),
      ...node('mem', character, makedev(1, 1)),
      ...node('kmsg', character, makedev(1, 11)),
      ...node('loop-control', character, makedev(10, 237)),
    } as Record<string, Call>
    const filesystems = readFileSync('/proc/filesystems', 'utf8').split('\n')
    const privileged = ['ext4', 'btrfs', 'xfs', 'devtmpfs', 'debugfs', 'tracefs', 'securityfs', 'configfs', 'pstore']
    const mounts = Object.fromEntries(
      privileged
        .filter((type) => filesystems.some((line) => line.split('\t')[1] === type))
        .map((type): [string, Call] => [type, ['mount', `"/dev/${disks[0]![3]}"`, '"/mnt"', `"${type}"`, 0, '""']]),
    )
    const denied = { ...nodes, ...mounts }
    const controls: Record<string, Call> = {
      // The one device that has no driver behind it: overlayfs's whiteout, which overlayfs itself lets nobody make.
      whiteout: ['mknodat', -100, '"$H/var/lib/docker/whiteout-$$"', character | 0o600, 0],
      fifo: ['mknodat', -100, '"$H/tmp/fifo-$$"', 0o010600, 0],
      tmpfs: ['mount', '"none"', '"/mnt"', '"tmpfs"', 0, '""'],
    }
    const outcome = await callsInside(foothold, { ...denied, ...controls }, `syscall(${numberOf('unshare')}, 0x20000)`)
    expect(outcome).toEqual({
      ...Object.fromEntries(Object.keys(denied).map((name) => [name, 'EPERM'])),
      ...Object.fromEntries(Object.keys(controls).map((name) => [name, 'ok'])),
    })
    expect((await script(foothold, 'find $H/dev /dev -type b; ls $H/dev/mem $H/dev/kmsg 2> /dev/null')).stdout).toBe('')

    const outside = join(scratch, `disk-${randomBytes(4).toString('hex')}`)
    execFileSync('mknod', [outside, 'b', disks[0]![1]!, disks[0]![2]!])
    expect(statSync(outside).isBlockDevice()).toBe(true)
  })

  it('writes no setting of the machine', async () => {
    const list = `find /proc /sys -path '/proc/[0-9]*' -prune -o -path '/proc/*self' -prune -o -type f -print 2> /dev/null |
      perl -ne 'chomp; print "$_\\n" if sysopen(my $file, $_, 1 | 0x800)'`
    const writable = (await script(foothold, list)).stdout.split('\n')
    expect(writable).toEqual(expect.arrayContaining(['/proc/sys/net/ipv4/ip_forward', '/proc/sys/kernel/msgmax']))
    const own = [
      /^\/proc\/sys\/(net|user|fs\/mqueue)\//,
      /^\/proc\/sys\/kernel\/(msg|sem|shm|auto_msgmni|ns_last_pid|pid_max)/,
      /^\/sys\/devices\/virtual\/net\//,
      /^\/sys\/fs\/cgroup\//,
      // Watching is all that writing does there.
      /^\/proc\/pressure\//,
    ]
    expect(writable.filter((path) => !own.some((pattern) => pattern.test(path)))).toEqual([])

    // What he can write is his own alone. The last pid changes by itself.
    const settings = writable.filter((path) => /^\/proc\/sys\/(kernel|user|fs)\/(?!ns_last_pid)/.test(path))
    const values = () => settings.map((path) => `${path} ${readFileSync(path, 'utf8')}`)
    const before = values()
    const written = await script(foothold, `for f; do echo 1000 > $f; grep -H . $f; done 2> /dev/null`, ...settings)
    expect(written.stdout).toMatch(/^\/proc\/sys\/user\/max_net_namespaces:1000$/m)
    expect(written.stdout).toMatch(/^\/proc\/sys\/kernel\/shmmni:1000$/m)
    expect(values()).toEqual(before)

    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
    const core = await script(
      foothold,
      `cat /proc/sys/kernel/core_pattern; echo '|/bin/evil' > /proc/sys/kernel/core_pattern`,
    )
    expect(core.stdout).toBe(pattern.trim())
    expect(core.stderr).toMatch(/Permission denied|Operation not permitted/)
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(pattern)
  })

  it('reads nothing of the kernel: no memory, no log', async () => {
    const files = [
      'kcore',
      'kmsg',
      'kpagecount',
      'kpageflags',
      'vmallocinfo',
      'slabinfo',
      'sysrq-trigger',
      'timer_list',
    ]
    const present = files.map((name) => `/proc/${name}`).filter((path) => existsSync(path))
    expect(present.length).toBeGreaterThan(0)
    const opening = `use strict; ${errnoName} for (@ARGV) { print "$_ ", (sysopen(my $file, $_, 0x800) ? "ok" : errno()), "\\n" }`
    const opened = outcomes((await inside(foothold, ['perl', '-e', opening, '/proc/uptime', ...present])).stdout)
    expect(opened).toEqual({
      '/proc/uptime': 'ok',
      ...Object.fromEntries(present.map((path) => [path, expect.stringMatching(/^E(ACCES|PERM)$/)])),
    })
    const addresses = await script(foothold, 'head -n 1 /proc/kallsyms')
    expect(addresses.stdout).toMatch(/^(0{16} |$)/)
    expect((await inside(foothold, ['dmesg'])).stderr).toMatch(/not permitted/)
  })

  it.runIf(existsSync('/proc/sysrq-trigger'))('presses no magic key', async () => {
    // "h" prints a help text, should it ever get through.
    const pressed = await script(foothold, 'echo h > /proc/sysrq-trigger')
    expect(pressed.stderr).toMatch(/Permission denied|Operation not permitted/)
  })

  it('makes no system call that no namespace bounds', async () => {
    // All of them are harmless where they work: they ask, or are given what does not exist.
    const calls: Record<string, Call> = {
      init_module: ['init_module', 0, 0, '""'],
      finit_module: ['finit_module', -1, '""', 0],
      delete_module: ['delete_module', '"no-such-module"', 0],
      kexec_load: ['kexec_load', 0, 0, 0, 0xfff0],
      syslog: ['syslog', 10, 0, 0],
      settimeofday: ['settimeofday', 0, 0],
      clock_settime: ['clock_settime', 1, '$zeros'],
      adjtimex: ['adjtimex', '$zeros'],
      clock_adjtime: ['clock_adjtime', 0, '$zeros'],
      bpf: ['bpf', 0, '$zeros', 0],
      userfaultfd: ['userfaultfd', 0],
      perf_event_open: ['perf_event_open', '$zeros', 0, -1, -1, 0],
      open_by_handle_at: ['open_by_handle_at', -100, '$zeros', 0],
      swapon: ['swapon', '"/no/such/file"', 0],
      acct: ['acct', '"/no/such/file"'],
      quotactl: ['quotactl', 0, '"/no/such/device"', 0, 0],
      add_key: ['add_key', '"no-such-type"', '"x"', '"y"', 1, -2],
      request_key: ['request_key', '"no-such-type"', '"x"', 0, -2],
      keyctl: ['keyctl', 0, -2, 0],
      io_uring_setup: ['io_uring_setup', 1, '$zeros'],
      io_setup: ['io_setup', 1, '$zeros'],
    }
    // Any that no lab needs, with or without modules for it: UNIX, INET, INET6, NETLINK and PACKET are left.
    for (let family = 1; family < 50; family++)
      if (![1, 2, 10, 16, 17].includes(family)) calls[`AF_${family}`] = ['socket', family, 2, 0]
    const subvolume = { create: 0x5000940e, snapshot: 0x50009401, create2: 0x50009418, snapshot2: 0x50009417 }
    for (const [name, request] of Object.entries(subvolume)) {
      calls[name] = ['ioctl', '$store', request, '$zeros']
      // The kernel looks at the low half alone.
      calls[`${name} with high bits`.replaceAll(' ', '-')] = [
        'ioctl',
        '$store',
        BigInt(request) | (0xffn << 32n),
        '$zeros',
      ]
    }
    const controls: Record<string, Call> = {
      getpid: ['getpid'],
      AF_UNIX: ['socket', 1, 2, 0],
      AF_INET: ['socket', 2, 1, 0],
      AF_INET6: ['socket', 10, 1, 0],
      AF_NETLINK: ['socket', 16, 3, 0],
      AF_PACKET: ['socket', 17, 3, 0],
      // FIGETBSZ, a file system's block size.
      'ioctl-block-size': ['ioctl', '$store', 2, '$zeros'],
    }
    const opening = (path: string) => `opendir(my $directory, "${path}") or die; my $store = fileno($directory)`
    // Where the store itself is in reach: the root is an overlay.
    const outcome = await callsInside(foothold, { ...calls, ...controls }, opening('$H/var/lib/docker'))
    const expected = Object.keys(calls).map((name) => {
      if (/key|io_/.test(name)) return [name, 'ENOSYS']
      return [name, name.startsWith('AF_') ? 'EAFNOSUPPORT' : 'EPERM']
    })
    const allowed = Object.keys(controls).map((name) => [name, 'ok'])
    expect(outcome).toEqual(Object.fromEntries([...expected, ...allowed]))

    const outside = await callsOutside({ ...calls, ...controls }, opening(state.store))
    const same = Object.keys(calls).filter((name) => outside[name] === outcome[name])
    // A kernel may be built without some of them; then nobody can make such a socket.
    expect(same.filter((name) => !name.startsWith('AF_'))).toEqual([])
  })

  it('has a database that goes on without contexts of asynchronous I/O', async () => {
    const started = await script(
      footholds[0]!,
      `docker run --detach --name base --env MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 mariadb > /dev/null
      for n in $(seq 300); do docker exec base mariadb -e 'select 6 * 7' 2> /dev/null | grep 42 && break; sleep 0.2; done
      docker rm --force base > /dev/null`,
    )
    expect(started.stdout).toBe('42')
  })

  it.runIf(process.arch === 'x64')('ends at a 32-bit system call, whose numbers would pass the rules by', async () => {
    // mov eax, 20 (getpid); int 0x80; ret
    const int80 = `require DynaLoader; my $code = "\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3";
      my $page = syscall(9, 0, 4096, 7, 0x22, -1, 0); pipe(my $out, my $in); syswrite($in, $code);
      syscall(0, fileno($out), $page, length $code); DynaLoader::dl_install_xsub("main::jump", $page);
      print "before\\n"; $| = 1; jump(); print "after\\n"`
    const x32 = 'print "before\\n"; $| = 1; syscall(0x40000000 | 39); print "after\\n"'
    for (const program of [int80, x32]) {
      const argv = ['perl', '-e', `$| = 1; ${program}`]
      const result = await inside(foothold, argv)
      const onMachine = await run(argv[0]!, argv.slice(1))
      // Paravirtual machines (PVM) have no such calls for anybody: the same fault ends it everywhere.
      const known = onMachine.stdout === 'before\nafter\n'
      expect(result.stdout).toBe('before\n')
      if (known) expect(result.exitCode).toBe(128 + 31)
      else expect(result.exitCode).toBeGreaterThan(128)
    }
  })

  it('sets neither clock nor name of the machine', async () => {
    const name = hostname()
    const drift = Date.now() - performance.now()
    const result = await script(
      foothold,
      'date -s "2001-01-01"; hostname evil-$$ && hostname; hostname attacker; date +%Y',
    )
    expect(result.stderr).toMatch(/cannot set date: Operation not permitted/)
    expect(result.stdout).toMatch(/^evil-\d+$/m)
    expect(result.stdout).toMatch(new RegExp(`^${new Date().getUTCFullYear()}$`, 'm'))
    expect(hostname()).toBe(name)
    expect(Math.abs(Date.now() - performance.now() - drift)).toBeLessThan(60_000)
  })

  it('sees no process of the machine', async () => {
    const theirs = `3600.${randomBytes(4).readUInt32LE()}`
    const own = `3600.${randomBytes(4).readUInt32LE()}`
    const machine = spawn('sleep', [theirs], { stdio: 'ignore' })
    try {
      await inside(footholds[0]!, ['sh', '-c', `sleep ${own} > /dev/null 2>&1 &`])
      const seen = await script(foothold, 'cat /proc/[0-9]*/cmdline 2> /dev/null | tr "\\0" "\\n"')
      expect(seen.stdout.split('\n')).toContain(own)
      expect(seen.stdout).not.toContain(theirs)
      expect(readFileSync(`/proc/${machine.pid}/cmdline`, 'utf8')).toContain(theirs)
      // The first process, with all its namespaces, is the host's own.
      const entered = await script(
        foothold,
        'nsenter --target 1 --mount --uts --ipc --net --pid cat /proc/1/comm "$1"',
        secret,
      )
      expect(entered.stdout).toBe('tini')
      expect(entered.stderr).toContain('No such file')
    } finally {
      machine.kill('SIGKILL')
      await inside(footholds[0]!, ['pkill', '-f', own])
    }
  })

  it('gets nothing from a program that enters the host, however it races', async () => {
    const numbers = [numberOf('ptrace'), numberOf('pidfd_open'), numberOf('pidfd_getfd')].map(String)
    const argv = ['perl', '-e', readFileSync(fromPackage('test/hosts/exec-racer.pl'), 'utf8')]
    await racks.exec(mine.id, 'attacker', ['rm', '-f', '/run/race-over'])
    const racer = inside(foothold, [...argv, secret, foothold.root, '/run/race-over', ...numbers], {
      timeoutMs: 70_000,
    })
    await sleep(1500)
    const until = Date.now() + 15_000
    let entered = 0
    while (entered < 30 && Date.now() < until) {
      const { failed } = await racks.exec(mine.id, 'attacker', ['true'], { timeoutMs: 5000 })
      if (!failed) entered++
    }
    expect(entered).toBeGreaterThan(10)
    for (let n = 0; n < 3; n++) await racks.exec(mine.id, 'attacker', ['sleep', '0.3'])
    await racks.exec(mine.id, 'attacker', ['touch', '/run/race-over'])
    const { stdout, stderr } = await racer
    expect(stderr).toBe('')
    const seen = stdout.split('\n')
    expect(seen.filter((line) => / (SECRET|FOREIGN)/.test(line))).toEqual([])
    // It was there in time: it met the helper on its way in, and was refused.
    for (const what of ['exe', 'root', 'cwd', 'environ', 'mem', 'fd', 'ptrace', 'pidfd_getfd'])
      expect(seen).toContainEqual(expect.stringMatching(new RegExp(`^runc:\\S+ ${what} E(ACCES|PERM)$`)))
    // And it can read what it may: a program that has arrived.
    expect(seen).toEqual(
      expect.arrayContaining([
        ...['sleep fd pipe:[N]', 'sleep root /', 'sleep cwd /root'],
        ...['sleep exe /usr/bin/sleep', 'sleep environ opened', 'sleep mem opened'],
      ]),
    )
    expect(seen).toContainEqual(expect.stringMatching(/^\S+ ptrace attached$/))
  })

  it('leads a program that enters the host nowhere else', async () => {
    const runc = '/usr/sbin/runc'
    const before = statSync(runc)
    try {
      // A working directory that is a descriptor the helper might have left open (CVE-2024-21626).
      for (const fd of [3, 5, 7, 8, 9]) {
        await script(foothold, 'mv -n $H/root $H/root.mine; ln -sfn "/proc/self/fd/$1/" $H/root', `${fd}`)
        const led = await racks.exec(mine.id, 'attacker', ['cat', `../../../../../../..${secret}`])
        expect(led.failed).toBe(true)
        expect(led.stdout).toBe('')
      }
    } finally {
      await run('nsenter', [`--target=${await initOf(mine)}`, '--all', 'sh', '-c', 'rm /root; mv /root.mine /root'])
    }
    // A program that is the helper itself (CVE-2019-5736): it runs, as any other program would.
    await script(foothold, `printf '#!/proc/self/exe\\n' > $H/usr/bin/evil; chmod 755 $H/usr/bin/evil`)
    const itself = await racks.exec(mine.id, 'attacker', ['evil'])
    expect(itself.failed).toBe(true)
    expect(statSync(runc)).toEqual(before)
    expect((await racks.exec(mine.id, 'attacker', ['cat', '/etc/hostname'])).stdout).toBe('attacker\n')
  })

  it('holds no file of the machine open', async () => {
    const own = await script(foothold, 'ls /proc/self/fd; readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2')
    // The fourth is the directory that is listed.
    expect(own.stdout).toMatch(/^0\n1\n2\n3\n((pipe|socket):\[\d+\]\n?|\/dev\/null\n){3}$/)

    const scan = `use strict; my $checked = 0;
      sub inode { my @stat = stat $_[0]; "$stat[0]:$stat[1]" }
      for my $path (glob("/proc/[0-9]*/fd/*"), glob("/proc/[0-9]*/{cwd,exe}")) {
        my $link = readlink($path) // next;
        next if $link !~ m{^/} or $link =~ / \\(deleted\\)$/ or $link =~ m{^/(proc|sys|memfd)};
        my ($process) = $path =~ m{^(/proc/[0-9]+)};
        $checked++;
        print "$path $link\\n" if inode($path) ne inode("$process/root$link") && readlink($path) eq $link;
      }
      print "$checked\\n"`
    const scanned = (await inside(foothold, ['perl', '-e', scan])).stdout.trim().split('\n')
    expect(Number(scanned.pop())).toBeGreaterThan(20)
    expect(scanned).toEqual([])
  })

  it('connects to no abstract socket of the machine', async () => {
    const [theirs, own] = ['theirs', 'own'].map((name) => `vethlab-${name}-${randomBytes(4).toString('hex')}`)
    let visitors = 0
    const server = net.createServer((socket) => {
      visitors++
      socket.end('machine')
    })
    await once(server.listen(`\0${theirs}`), 'listening')
    try {
      await inside(footholds[0]!, [
        'sh',
        '-c',
        `socat ABSTRACT-LISTEN:${own},unix-tightsocklen=0,fork SYSTEM:'echo host' > /dev/null 2>&1 &`,
      ])
      const connect = `for name; do socat -u "ABSTRACT-CONNECT:$name,unix-tightsocklen=0" - || echo refused; done`
      const { stdout, stderr } = await script(foothold, connect, own!, theirs!)
      expect(stdout).toBe('host\nrefused')
      expect(stderr).toContain('Connection refused')
      expect(visitors).toBe(0)
      expect(await answerOf({ path: `\0${theirs}` })).toBe('machine')
    } finally {
      server.close()
      await inside(footholds[0]!, ['pkill', '-f', own!])
    }
  })

  it('reaches no service of the machine, at none of its addresses', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .map(({ address }) => address)
      .filter((address) => !address.startsWith('fe80'))
    expect(addresses).toContain('127.0.0.1')
    let visitors = 0
    const server = net.createServer((socket) => {
      visitors++
      socket.end('machine')
    })
    await once(server.listen(0, addresses.includes('::1') ? '::' : '0.0.0.0'), 'listening')
    try {
      const { port: theirs } = server.address() as net.AddressInfo
      const gateways = [mine.lans[0]!.gateway, mine.lans[0]!.gateway6!]
      const tries = [...addresses, ...gateways].map((address) => `(ask ${address} ${theirs} && echo "${address}") &`)
      const { stdout } = await script(foothold, `${ask}\n${tries.join('\n')}\nwait; ask 192.168.1.12 ${port}`)
      expect(stdout).toBe('neighbour')
      expect(visitors).toBe(0)
      for (const address of addresses) expect(await answerOf({ host: address, port: theirs })).toBe('machine')
      expect(visitors).toBe(addresses.length)
    } finally {
      server.close()
    }
  })

  it('reaches no host of another rack by its address', async () => {
    const asked = await script(
      foothold,
      `${ask}
      for address in 192.168.1.12 192.168.1.13 fd00:1::c fd00:1::d; do echo "$address $(ask $address ${port})"; done
      arping -c 1 -w 1 -I eth0 192.168.1.12; arping -c 1 -w 1 -I eth0 192.168.1.13`,
    )
    expect(asked.stdout).toMatch(/^192\.168\.1\.12 neighbour$/m)
    expect(asked.stdout).toMatch(/^fd00:1::c neighbour$/m)
    expect(asked.stdout).toMatch(/^192\.168\.1\.13 ?$/m)
    expect(asked.stdout).toMatch(/^fd00:1::d ?$/m)
    expect(asked.stdout.toLowerCase()).toContain(`from 192.168.1.12 [${await macOf(mine, 'neighbour')}]`)
    expect(asked.stdout).not.toContain('from 192.168.1.13')
    expect(asked.stdout.toLowerCase()).not.toContain(await macOf(others, 'twin'))
    // It is there, for its own rack.
    const theirs = await racks.exec(others.id, 'twin', ['sh', '-c', `${ask}; ask 192.168.1.13 ${port}`])
    expect(theirs.stdout).toBe('victim\n')
  })

  it('gets no frame through to another rack by its hardware address', async () => {
    const macs = [await macOf(mine, 'neighbour'), await macOf(others, 'twin'), await macOf(others, 'victim')]
    // An ethertype of IEEE's for experiments. SOCK_RAW, and a sockaddr_ll with the interface's index.
    const send = `use Socket; my ($index, @macs) = @ARGV; socket(my $raw, 17, 3, 0) or die $!;
      my $to = pack("S n i S C C x8", 17, 0x88b5, $index, 0, 0, 6);
      for (1 .. 20) {
        for my $mac (@macs) {
          send($raw, pack("H12 H12 n a*", $mac =~ s/://gr, "020000000001", 0x88b5, "evil" x 16), 0, $to) or die $!;
        }
        select(undef, undef, undef, 0.05);
      }`
    const filter = 'ether proto 0x88b5 or icmp or (udp and port 4789)'
    const [atNeighbour, atTwin, atVictim] = await Promise.all([
      framesAt(mine, 'neighbour', 8, filter),
      framesAt(others, 'twin', 8, filter),
      framesAt(others, 'victim', 8, filter),
      (async () => {
        await sleep(1000)
        const index = await script(foothold, 'cat /sys/class/net/eth0/ifindex')
        const sent = await inside(foothold, ['perl', '-e', send, index.stdout, ...macs, 'ff:ff:ff:ff:ff:ff'])
        expect(sent.stderr).toBe('')
        // Neighbours that nobody has to announce, and a tunnel whose far end is the other rack's.
        const { stdout } = await script(
          foothold,
          `ip neighbour replace 192.168.1.12 lladdr $1 dev eth0 nud permanent
          ip neighbour replace 192.168.1.13 lladdr $2 dev eth0 nud permanent
          ping -c 2 -i 0.2 -W 1 192.168.1.12; ping -c 2 -i 0.2 -W 1 192.168.1.13
          ip link add evil type vxlan id 7 dev eth0 remote 192.168.1.13 dstport 4789
          ip address add 10.9.0.1/24 dev evil; ip link set evil up
          arping -c 2 -w 1 -I evil 10.9.0.2
          ip link delete evil
          ip neighbour delete 192.168.1.12 dev eth0; ip neighbour delete 192.168.1.13 dev eth0`,
          macs[0]!,
          macs[2]!,
        )
        expect(stdout).toMatch(/192\.168\.1\.12 ping statistics ---\n2 packets transmitted, 2 received/)
        expect(stdout).toMatch(/192\.168\.1\.13 ping statistics ---\n2 packets transmitted, 0 received/)
      })(),
    ])
    // Two hosts make no learning bridge of their own: what is unknown is flooded, to whoever is on the LAN.
    for (const mac of [...macs, 'ff:ff:ff:ff:ff:ff'])
      expect(atNeighbour!.filter((line) => line.includes(`> ${mac}, ethertype Unknown (0x88b5)`))).toHaveLength(20)
    expect(atNeighbour!.filter((line) => line.includes('192.168.1.13.4789: VXLAN'))).not.toHaveLength(0)
    expect(atTwin).toEqual([])
    expect(atVictim).toEqual([])
  })

  it('builds no tunnel into another rack, even with its help', async () => {
    const end = (id: number, remote: string, address: string) =>
      `ip link add tunnel${id} type vxlan id ${id} dev eth0 remote ${remote} dstport 4790
       ip address add ${address}/24 dev tunnel${id}; ip link set tunnel${id} up`
    const ends = [
      racks.exec(mine.id, 'neighbour', ['sh', '-c', end(42, '192.168.1.11', '10.42.0.2')]),
      racks.exec(others.id, 'twin', ['sh', '-c', end(42, '192.168.1.11', '10.42.0.2')]),
      racks.exec(others.id, 'victim', ['sh', '-c', end(43, '192.168.1.11', '10.43.0.2')]),
    ]
    for (const { failed } of await Promise.all(ends)) expect(failed).toBe(false)
    try {
      const { stdout } = await script(
        foothold,
        `${end(42, '192.168.1.12', '10.42.0.1')}\n${end(43, '192.168.1.13', '10.43.0.1')}
        ${ask}; ask 10.42.0.2 ${port}; ask 10.43.0.2 ${port}; ip link delete tunnel42; ip link delete tunnel43`,
      )
      expect(stdout).toBe('neighbour')
    } finally {
      await racks.exec(mine.id, 'neighbour', ['ip', 'link', 'delete', 'tunnel42'])
      await racks.exec(others.id, 'twin', ['ip', 'link', 'delete', 'tunnel42'])
      await racks.exec(others.id, 'victim', ['ip', 'link', 'delete', 'tunnel43'])
    }
  })

  it("leads those who ask its Engine to no socket of the machine's", async () => {
    const trap = join(scratch, `trap-${randomBytes(4).toString('hex')}`)
    let visitors = 0
    const server = net.createServer((socket) => {
      visitors++
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    })
    await once(server.listen(trap), 'listening')
    await chmod(trap, 0o777)
    try {
      expect(await racks.engine(mine.id, 'attacker', '/info')).toMatchObject({ Name: 'attacker' })
      await script(foothold, 'mv $H/run/docker.sock $H/run/docker.real')
      for (const path of [trap, `../../../../../../..${trap}`, `/proc/1/root${trap}`, `/proc/self/root${trap}`]) {
        // The Engine itself is still where it was moved to.
        const options = { env: { DOCKER_HOST: 'unix:///run/docker.real' } }
        const linked = await inside(foothold, ['ln', '-sfn', path, `${foothold.root}/run/docker.sock`], options)
        expect(linked.failed).toBe(false)
        await expect(racks.engine(mine.id, 'attacker', '/info')).rejects.toMatchObject({ code: 'host.unreachable' })
      }
      expect(visitors).toBe(0)
      const curl = await run('curl', ['--silent', '--unix-socket', trap, 'http://x/'])
      expect([curl.stdout, visitors]).toEqual(['{}', 1])
    } finally {
      server.close()
      await racks.exec(mine.id, 'attacker', ['mv', '-f', '/run/docker.real', '/run/docker.sock'])
    }
    expect(await racks.engine(mine.id, 'attacker', '/info')).toMatchObject({ Name: 'attacker' })
  })

  it("shows no network of the machine's as a network of its own", async () => {
    const machine = statSync('/proc/self/ns/net', { bigint: true }).ino.toString()
    const pins = '/run/docker/netns'
    await script(
      foothold,
      `mkdir -p $H${pins}; cd $H${pins}
      ln -s /proc/1/ns/net evil-link; ln -s /proc/self/ns/net evil-self; ln -s ../../../../../proc/1/ns/net evil-relative
      ln -s /proc/thread-self/ns/net evil-thread; ln -s "$1" evil-file; mkfifo evil-fifo; touch evil-empty
      ln -s /proc/self/fd evil-directory`,
      secret,
    )
    // A pin that is real: it does look there.
    await racks.exec(mine.id, 'attacker', [
      ...['sh', '-c', `touch ${pins}/real && unshare --net mount --bind /proc/self/ns/net ${pins}/real`],
    ])
    try {
      const { namespaces } = await racks.capture(mine.id, 'attacker')
      const names = namespaces.flatMap((namespace) => namespace.names)
      expect(names).toContain('real')
      expect(names.filter((name) => name.startsWith('evil'))).toEqual([])
      expect(namespaces.map(({ inode }) => inode)).not.toContain(machine)
      const macs = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
      for (const { mac } of macs.filter((candidate) => !candidate.internal))
        expect(JSON.stringify(namespaces)).not.toContain(mac)
      expect(JSON.stringify(namespaces)).toContain(await macOf(mine, 'attacker'))
    } finally {
      await racks.exec(mine.id, 'attacker', ['sh', '-c', `umount ${pins}/real; rm ${pins}/real ${pins}/evil-*`])
    }
  })

  it('changes no mount that is not its own, and finds no way out of its root', async () => {
    const [nosuid, nodev, remount, bind] = [2, 4, 32, 4096]
    const calls: Record<string, Call> = {
      // Devices stay off in the host's own root, in every copy of it too.
      'devices-on': ['mount', 0, '"$H/"', 0, remount | bind, 0],
      'file-system-remounted': ['mount', 0, '"$H/"', 0, remount | nodev, '""'],
      // FITRIM, which the root of the file system alone may ask for.
      trim: ['ioctl', '$root', 0xc0185879, '$zeros'],
      // BTRFS_IOC_TREE_SEARCH, which reads every file's metadata.
      search: ['ioctl', '$root', 0xd0009411, '$zeros'],
      'flags-added': ['mount', 0, '"$H/"', 0, remount | bind | nodev | nosuid, 0],
    }
    const before = `syscall(${numberOf('unshare')}, 0x20000); opendir(my $directory, "$H/var/lib/docker"); my $root = fileno($directory)`
    expect(await callsInside(foothold, calls, before)).toEqual({
      ...Object.fromEntries(Object.keys(calls).map((name) => [name, 'EPERM'])),
      'flags-added': 'ok',
    })

    // The old way out of a chroot works, as far as the host's own root.
    const breakout = `use strict; my ($root, $secret) = @ARGV; opendir(my $outside, "/"); mkdir "/tmp/jail";
      chroot "/tmp/jail" or die $!; chdir "/"; print -e "/etc/debian_version" ? "loose\\n" : "jailed\\n";
      chdir $outside; chdir ".." for 1 .. 64; chroot "."; print -e "/etc/debian_version" ? "loose\\n" : "jailed\\n";
      print -e $secret ? "out\\n" : "no further\\n"`
    const escaped = await inside(foothold, ['perl', '-e', breakout, foothold.root, secret])
    expect(escaped.stdout).toBe('jailed\nloose\nno further\n')
    const ways = ['', '/proc/1/root', '/proc/self/root', '/proc/1/cwd/../../../..', '$H']
    const seen = await script(foothold, `cat ${ways.map((way) => `"${way}$1"`).join(' ')} 2>&1`, secret)
    expect(seen.stdout.split('\n').map((line) => line.replace(/.*: /, ''))).toEqual(
      ways.map(() => 'No such file or directory'),
    )
  })

  it('raises no limit of its host', async () => {
    const limits = [
      ...['memory/memory.limit_in_bytes', 'memory/memory.memsw.limit_in_bytes', 'pids/pids.max', 'cpu/cpu.shares'],
      ...['memory.max', 'pids.max', 'cpu.weight'],
    ]
    const id = mine.hosts.find(({ name }) => name === 'attacker')!.id
    const outer = limits
      .map((limit) => {
        const [file, ...hierarchy] = limit.split('/').toReversed()
        return join('/sys/fs/cgroup', ...hierarchy, state.mark, id, file!)
      })
      .filter((path) => existsSync(path))
    expect(outer.length).toBeGreaterThanOrEqual(3)
    const before = outer.map((path) => readFileSync(path, 'utf8'))
    const { stdout } = await script(
      foothold,
      `cd $H/sys/fs/cgroup
      for limit; do
        [ -e $limit ] || continue
        (echo 9000 > $limit) 2> /dev/null && echo "raised $limit"
        mkdir -p $(dirname $limit)/own; (echo 9000 > $(dirname $limit)/own/$(basename $limit)) 2> /dev/null && echo own
      done
      for group in $(find . -maxdepth 2 -name own); do rmdir $group; done`,
      ...limits,
    )
    expect(stdout).not.toContain('raised')
    expect(stdout).toContain('own')
    expect(outer.map((path) => readFileSync(path, 'utf8'))).toEqual(before)
  })

  it.runIf(cgroups === 'v1')('has no program run when a control group is empty', async () => {
    const agents = readdirSync('/sys/fs/cgroup')
      .map((name) => join('/sys/fs/cgroup', name, 'release_agent'))
      .filter((path) => existsSync(path))
    expect(agents.length).toBeGreaterThan(0)
    const before = agents.map((path) => readFileSync(path, 'utf8'))
    const { stdout } = await script(
      foothold,
      `find $H/sys/fs/cgroup -name release_agent
      exec unshare --mount --cgroup sh -c '
        mkdir -p /tmp/groups
        mount -t cgroup -o memory none /tmp/groups && echo mounted
        ls /tmp/groups/release_agent
        mkdir -p /tmp/groups/own && echo 1 > /tmp/groups/own/notify_on_release && echo notify; rmdir /tmp/groups/own
        umount /tmp/groups
        mount -t cgroup -o memory,release_agent=/bin/evil none /tmp/groups || echo no agent
        mount -t cgroup -o none,name=evil none /tmp/groups || echo no hierarchy' 2> /dev/null`,
    )
    expect(stdout.split('\n')).toEqual(['mounted', 'notify', 'no agent', 'no hierarchy'])
    expect(agents.map((path) => readFileSync(path, 'utf8'))).toEqual(before)
  })

  it('makes no more namespaces than its share, whatever it allows itself', async () => {
    const perl = `use strict; ${errnoName}
      open(my $limit, '>', '/proc/sys/user/max_net_namespaces') or die; print $limit "100000"; close $limit or die;
      open($limit, '<', '/proc/sys/user/max_net_namespaces'); print "limit ", <$limit>;
      my @children;
      for my $flags (0x40000000, 0x50000000) {
        my ($made, $error) = (0, 'none');
        while ($error eq 'none' && $made < 300) {
          pipe(my $out, my $in);
          push @children, my $child = fork // die;
          if (!$child) { $! = 0; syscall(${numberOf('unshare')}, $flags); syswrite($in, errno()); sleep 60; exit }
          close $in; sysread($out, $error, 100); $made++ if $error eq 'none';
        }
        print "made $made $error\\n";
      }
      kill 'KILL', @children; waitpid($_, 0) for @children`
    // The kernel takes the namespaces of an earlier attempt down in its own time.
    await expect
      .poll(async () => (await inside(foothold, ['perl', '-e', perl])).stdout, {
        timeout: 20_000,
        interval: 1000,
      })
      .toMatch(/^limit 100000\nmade [1-9]\d? ENOSPC\nmade 0 ENOSPC\n/)
  })

  it('leaves an unprivileged user of the machine no way to it and its programs', async () => {
    const { stdout } = await script(
      foothold,
      'cp $H/bin/bash $H/planted; chmod 4755 $H/planted; stat -c "%u %a" $H/planted',
    )
    expect(stdout).toBe('0 4755')
    const id = mine.hosts.find(({ name }) => name === 'attacker')!.id
    const planted = [
      join(state.store, 'hosts', id, 'upper/planted'),
      join(state.rootOf(id), 'rootfs/planted'),
      `/proc/${await initOf(mine)}/root/planted`,
    ]
    // setpriv itself still has root's capabilities when it starts a program; the shell has none.
    const unprivileged = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--']
    const nobody = (...argv: string[]) => run('setpriv', [...unprivileged, 'sh', '-c', 'exec "$@"', 'sh', ...argv])
    expect((await nobody('id', '-u')).stdout).toBe('65534\n')
    for (const path of planted) {
      expect(statSync(path).mode & 0o7777).toBe(0o4755)
      expect((await nobody(path, '-p', '-c', 'id -u')).stderr).toContain('Permission denied')
    }
    // In the store it belongs to the machine's root, so a set-user-id bit must mean nothing there.
    expect(statSync(planted[0]!).uid).toBe(0)
    if (existsSync(state.storeImage))
      expect((await run('findmnt', ['-no', 'OPTIONS', state.store])).stdout).toContain('nosuid')

    const directories = [state.store, state.hosts, state.racks, state.netns, state.runcRoot, join(state.hosts, id)]
    for (const path of directories) {
      expect((await nobody('ls', path)).stderr).toContain('Permission denied')
      expect((await run('ls', [path])).failed).toBe(false)
    }
    const files = [join(state.hosts, id, 'host.json'), join(state.hosts, id, 'config.json')]
    for (const path of [...files, state.storeImage].filter((candidate) => existsSync(candidate)))
      expect((await nobody('head', '-c', '1', path)).stderr).toContain('Permission denied')
  })
})

/** The attacker's first process, as the machine numbers it. */
async function initOf(rack: RackInfo): Promise<number> {
  const id = rack.hosts.find(({ name }) => name === 'attacker')!.id
  const { stdout } = await promisify(execFile)('runc', ['--root', state.runcRoot, 'state', id])
  return (JSON.parse(stdout) as { pid: number }).pid
}
