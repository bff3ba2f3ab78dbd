import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireGolden } from '../../server/rack/golden/golden.js'
import { LocalRacks } from '../../server/rack/local-racks.js'
import { Store } from '../../server/rack/store.js'
import type { RackInfo } from '../../server/racks/racks.js'
import { testState as state } from './state.js'

/*
 * All hosts look at one golden system, each through a layer of its own. A learner does to it whatever root can do: it looks
 * to him like a system of his own, nobody else sees a thing of it, and golden stays as it is.
 */

const MIB = 1024 ** 2
const engineProgram = 'usr/sbin/dockerd'

let racks: LocalRacks
let store: Store
let golden: string
let rack: RackInfo

beforeAll(async () => {
  racks = await LocalRacks.start(state)
  store = await Store.open(state)
  golden = store.golden((await requireGolden(store)).name)
  rack = await racks.open({
    hosts: { mine: { kind: 'docker', disk: '300m' }, other: 'docker' },
    lans: { lan: { subnet: '192.168.1.0/24', at: { mine: '.11', other: '.12' } } },
  })
})
afterAll(async () => {
  await racks?.closeAll()
})

async function sh(host: string, script: string): Promise<string> {
  const result = await racks.exec(rack.id, host, ['sh', '-c', script], { timeoutMs: 60_000 })
  expect(result.failed, `${script}: ${result.stdout}${result.stderr}`).toBe(false)
  return result.stdout.trim()
}

const diskOf = (host: string) => store.host(rack.hosts.find(({ name }) => name === host)!.id)
const fresh = async (host: string) => {
  rack = await racks.reset(rack.id, host)
}
const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
const digestIn = async (host: string, path: string) => (await sh(host, `sha256sum ${path}`)).split(' ')[0]
const engineOf = async (host: string) => (await racks.capture(rack.id, host)).engine
const verified = (host: string) =>
  expect.poll(() => engineOf(host), { timeout: 60_000, interval: 200 }).toHaveProperty('version')
/** The Engine answers as one, but is not golden's. */
const found = async (host: string, detail = '') => {
  await expect
    .poll(() => engineOf(host), { timeout: 60_000, interval: 200 })
    .toMatchObject({ fault: { kind: 'unverified', detail: expect.stringContaining(detail) } })
}
/** On a busy machine it may take longer than systemctl waits; whoever asks next has more patience. */
const restart = 'systemctl restart docker || true'
const stop = 'systemctl stop docker'
const start = 'rm /run/docker.stopped'

describe("golden's programs", () => {
  it('are the same file for all hosts, which nobody can write', async () => {
    const original = statSync(join(golden, engineProgram))
    for (const host of ['mine', 'other']) {
      expect(await sh(host, `stat -c '%i %s %u' /${engineProgram}`)).toBe(`${original.ino} ${original.size} 0`)
      expect(existsSync(join(diskOf(host), 'upper', engineProgram))).toBe(false)
    }
    expect(execFileSync('btrfs', ['property', 'get', '-ts', golden, 'ro']).toString().trim()).toBe('ro=true')
  })

  it('change for nobody else when one learner changes, replaces, moves or removes them', async () => {
    const programs = ['usr/bin/curl', 'usr/bin/ping', 'usr/bin/tcpdump', 'usr/bin/jq', 'usr/bin/nano', engineProgram]
    const before = programs.map((path) => digestOf(join(golden, path)))
    const modes = programs.map((path) => statSync(join(golden, path)).mode)
    await sh(
      'mine',
      `printf '#!/bin/sh\\necho evil\\n' > /usr/bin/curl
       cp /bin/true /tmp/ping && mv /tmp/ping /usr/bin/ping
       mv /usr/bin/tcpdump /usr/bin/tcpdump.away
       rm /usr/bin/jq
       chown 1:1 /usr/bin/nano; chmod 4777 /usr/bin/nano
       printf x >> /usr/sbin/dockerd.new; cat /${engineProgram} >> /usr/sbin/dockerd.new; mv /usr/sbin/dockerd.new /${engineProgram}
       mv /usr/share /usr/shared`,
    )
    expect(await sh('mine', 'curl; ping && ls /usr/bin/tcpdump* /usr/shared/bash-completion -d')).toBe(
      'evil\n/usr/bin/tcpdump.away\n/usr/shared/bash-completion',
    )
    expect(await sh('mine', 'stat -c "%a %u" /usr/bin/nano; command -v jq || echo none')).toBe('4777 1\nnone')
    expect(programs.map((path) => digestOf(join(golden, path)))).toEqual(before)
    expect(programs.map((path) => statSync(join(golden, path)).mode)).toEqual(modes)
    for (const [index, path] of programs.entries()) expect(await digestIn('other', `/${path}`)).toBe(before[index])
    expect(await sh('other', 'ls -d /usr/share/bash-completion; ls /usr/bin/tcpdump.away 2>&1 || true')).toContain(
      "cannot access '/usr/bin/tcpdump.away'",
    )
    // Who is put back to the start has golden's again.
    await fresh('mine')
    expect(await digestIn('mine', '/usr/bin/curl')).toBe(before[0])
    expect(existsSync(join(diskOf('mine'), 'upper/usr/bin/curl'))).toBe(false)
  })
})

describe('an Engine', () => {
  it('is verified after its mode, owner and times were changed, and changed back', async () => {
    await verified('mine')
    // touch(1) would open them for writing.
    for (const change of ['chmod 700', 'chmod 755', "perl -e 'utime 1, 1, @ARGV'", 'chown 1:1', 'chown 0:0'])
      await sh('mine', `${change} /${engineProgram} /usr/lib/*-linux-gnu/libc.so.6`)
    // The one that runs, and one that is started from the file as it is now.
    await verified('mine')
    await sh('mine', restart)
    await verified('mine')
    // It still is golden's file that all read.
    const copied = lstatSync(join(diskOf('mine'), 'upper', engineProgram))
    expect(copied.blocks * 512).toBeLessThan(MIB)
  })

  it('is verified after its file or directory was moved away and back', async () => {
    await sh('mine', `mv /${engineProgram} /root/away; mv /root/away /${engineProgram}`)
    await sh('mine', restart)
    await verified('mine')
  })

  it('is found out when its file was opened for writing, whatever was written', async () => {
    const edit = `my $f = "/${engineProgram}"; my @was = stat $f; open my $h, "+<", $f or die $!; seek $h, -1, 2; read $h, my $byte, 1;
      seek $h, -1, 2; print $h $byte; close $h or die $!; utime $was[8], $was[9], $f`
    await sh('mine', `${stop}; perl -e '${edit}' && ${start}`)
    await found('mine', 'dockerd')
    await fresh('mine')
    await verified('mine')
  })

  it('is found out behind a directory that was moved into the place of its own', async () => {
    await sh(
      'mine',
      `cp -a /usr/sbin /usr/sbin.mine; mv /usr/sbin /usr/sbin.old; mv /usr/sbin.mine /usr/sbin; ${restart}`,
    )
    await found('mine')
    await fresh('mine')
  })

  it('is found out with another file mounted over its own, be that a copy', async () => {
    await sh('mine', `cp -a /${engineProgram} /root/dockerd; mount --bind /root/dockerd /${engineProgram}; ${restart}`)
    await found('mine')
    // A file that was changed in mode alone does not vouch for another under its name.
    const again = `umount /${engineProgram} && chmod 755 /${engineProgram} && mount --bind /root/dockerd /${engineProgram}`
    await sh('mine', `${stop}; ${again} && ${start}`)
    await found('mine')
    await fresh('mine')
  })

  it('is found out in an overlay of the learner’s own', async () => {
    await sh(
      'mine',
      `mkdir /dev/shm/u /dev/shm/w; ${stop}
       unshare --mount sh -c 'mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/dev/shm/u,workdir=/dev/shm/w,userxattr /usr/sbin &&
         exec setsid dockerd --containerd=/run/containerd/containerd.sock > /dev/null 2>&1' > /dev/null 2>&1 &
       until docker version > /dev/null 2>&1; do sleep 0.2; done`,
    )
    await found('mine')
    await fresh('mine')
  })

  it('with a library that was written to is found out, also while the file is as it was', async () => {
    const edit = `my ($f) = glob "/usr/lib/*-linux-gnu/libc.so.6"; open my $h, "+<", $f or die $!;
      seek $h, -1, 2; read $h, my $byte, 1; seek $h, -1, 2; print $h $byte; close $h or die $!`
    await sh('mine', `perl -e '${edit}' && ${restart}`)
    await found('mine', 'libc.so.6')
    await fresh('mine')
    await verified('mine')
  })
})

describe('files', () => {
  it('of golden are whited out, and made anew', async () => {
    const script = `rm -r /usr/share/bash-completion; ls -d /usr/share/bash-completion 2>&1
      mkdir /usr/share/bash-completion; ls -A /usr/share/bash-completion | wc -l
      rm /etc/debian_version; echo mine > /etc/debian_version; cat /etc/debian_version`
    expect(await sh('mine', script)).toMatch(/cannot access .*\n0\nmine$/)
    expect(await sh('other', 'ls /usr/share/bash-completion | wc -l')).not.toBe('0')
  })

  it('of golden get further names, which stay one file', async () => {
    const script = `cd /usr/bin; ln ping ping2; chmod 700 ping2; stat -c %a ping; echo more >> ping; cmp ping ping2
      stat -c %h ping; mv ping2 /root/; test /root/ping2 -ef ping && echo same; cp -a ping /root/copy; rm ping; cmp /root/copy /root/ping2 && echo there`
    expect(await sh('mine', script)).toBe('700\n2\nsame\nthere')
  })

  it('and directories of golden are renamed as on a disk of their own', async () => {
    const rename = `rename "/usr/share", "/usr/share2" or die "share: $!"; rename "/usr/share2/perl5", "/root/perl5" or die "perl5: $!";
      print -d "/usr/share2/bash-completion" ? "moved" : "lost"`
    expect(await sh('mine', `perl -e '${rename}'`)).toBe('moved')
    const script =
      'mv /usr/share2 /usr/share && ls -d /usr/share/bash-completion; mv /opt /opt2 && mkdir /opt && mv /opt2 /opt/in && ls -d /opt/in'
    expect(await sh('mine', script)).toBe('/usr/share/bash-completion\n/opt/in')
  })

  it('of golden and of the disk never share a number', async () => {
    const script = `find / -xdev -type d -printf '%D %i\\n' | sort | uniq -d | wc -l; find / -xdev -name no-such-file 2>&1 | head -n 3
      cp -a /usr/lib/apt /usr/share/apt-copy 2>/dev/null; mkdir -p /usr/share/deep/a/b/c/d/e/f && rm -r /usr/share/deep && echo removed`
    expect(await sh('mine', script)).toBe('0\nremoved')
  })

  it('come and go in storms, as a package manager makes them', async () => {
    const storm = `set -e; cd /usr; mkdir lib/storm; for n in $(seq 150); do
        echo "$n" > lib/storm/f$n.dpkg-new; ln -f lib/storm/f$n.dpkg-new lib/storm/f$n.dpkg-tmp; mv lib/storm/f$n.dpkg-new lib/storm/f$n
      done; rm lib/storm/*.dpkg-tmp; ls lib/storm | wc -l
      cp -a share/bash-completion share/new; diff -r share/bash-completion share/new; rm -r share/new
      for f in bin/[ab]*; do [ -L $f ] || { cp -a $f $f.dpkg-new; mv $f.dpkg-new $f; }; done
      chmod -R go-w /usr/lib; chown -R 0:0 /usr/lib; bash -c 'echo works'`
    expect(await sh('mine', storm)).toBe('150\nworks')
  })

  it('count against the disk, all that are in the layer', async () => {
    await fresh('mine')
    const fill = 'dd if=/dev/urandom of=/usr/lib/big bs=1M 2>&1; stat -c "size %s" /usr/lib/big'
    const said = await sh('mine', fill)
    expect(said).toContain("error writing '/usr/lib/big': Disk quota exceeded")
    expect(Number(/size (\d+)/.exec(said)?.[1]) / MIB).toBeLessThanOrEqual(300)
    expect((await store.exclusiveBytes(diskOf('mine'))) / MIB).toBeLessThanOrEqual(300)
    // The Engine's data and the layer have one limit together.
    const more = 'dd if=/dev/urandom of=/var/lib/docker/more bs=1M count=50 2>&1 || true'
    expect(await sh('mine', more)).toContain('Disk quota exceeded')
  })
})
