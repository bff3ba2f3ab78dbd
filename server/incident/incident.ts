import type { CauseCode } from '../cause/cause.js'
import type { FeatureName } from '../machine/features.js'

/**
 * Trouble that people really have, to be made on real hosts: node1 and node2 with an Engine, and laptop, on one LAN 192.168.1.0/24 at
 * .11, .12 and .50. With it, what a trace has to answer, and how it ends.
 */
export interface Incident {
  name: string
  /** Where it was told of, as `owner/repository#number`. */
  source?: string
  /** It comes about only where the machine's kernel lacks this. */
  lacks?: FeatureName
  /** A command of the machine; it comes about only where this succeeds. */
  needs?: readonly [string, ...string[]]
  /** `swarm`: both nodes are of one swarm, with an overlay `mesh` on which are m1 (node1, 10.10.0.10) and m2 (node2, 10.10.0.20). */
  rack?: 'swarm'
  /** What makes it: scripts of hosts, in this order; `again` after a name lets a host have another turn. */
  make: Readonly<Record<string, string>>
  /** Host and script: fails while the incident is there. */
  symptom: readonly [string, string]
  ask: IncidentQuestion
  code: CauseCode
  /** Of the cause's sentence, and of its evidence. */
  says?: RegExp
  evidence?: RegExp
  /** What a diagnosis of one container has to find, and netdiag, where that is not the same. */
  diagnosis?: Diagnosed
  netdiag?: Diagnosed
  /** Missing where only words can help. */
  cure?: Cure
  /** Host and script: still fails when it is mended, or the cure has opened too much. */
  shut?: readonly [string, string]
  /** What is to be undone besides containers and networks. */
  undo?: Readonly<Record<string, string>>
}

/**
 * Of whom a diagnosis is made: by default the container that asks, or else `web`. `as`: what the cause is called when it is seen from
 * there. `also`: causes that it may find besides, since they follow from it. `beyond`: why its questions do not cover it.
 */
export interface Diagnosed {
  of?: string
  as?: readonly CauseCode[]
  also?: readonly CauseCode[]
  beyond?: string
}

export interface IncidentQuestion {
  from: string
  to: string
  port?: number
  protocol?: 'icmp' | 'tcp' | 'udp'
  /** What is said to the program that takes the connection. */
  speaks?: { as: 'http' | 'tls'; path?: string }
}

/** The commands of what a trace advises to try, done as they are worded. */
export interface Cure {
  on: string
  /** Which of the tries, from 0; -1: they have no commands. */
  of?: number
  /** What stands for a placeholder. */
  instead?: Readonly<Record<string, string>>
  /** What remains to be done by whoever follows the advice. */
  afterwards?: string
}

/** Words of shells that several of them need. */

export const curl = (url: string) => `curl -sS -o /dev/null -m 1 ${url}`

/** Enters the network namespace of a container, with the host's tools. */
export const inside = (container: string) => `nsenter -t $(docker inspect -f '{{.State.Pid}}' ${container}) -n`

/** The host's bridge of a network. */
export const bridgeOf = (network: string) => `br-$(docker network inspect -f '{{.Id}}' ${network} | cut -c1-12)`

/** The host's end of a container's eth0. */
export const vethOf = (container: string) =>
  `$(ip -o link | grep -o "^$(docker exec ${container} cat /sys/class/net/eth0/iflink): [^@]*" | cut -d' ' -f2)`

/** Enters the namespace that an Engine made for an overlay. */
export const tunnelOf = (network: string) =>
  `nsenter --net=$(ls /run/docker/netns/?-$(docker network inspect -f '{{.Id}}' ${network} | cut -c1-10))`

/** Why a diagnosis does not cover what one container asks of another. */
export const unsaid = 'a diagnosis of the one that asks does not know whom it wants to reach, and at which port'

/** Why it does not cover what no container has to do with. */
export const ofHost = 'a diagnosis is of a container'
