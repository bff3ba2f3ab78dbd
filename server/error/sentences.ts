import type { Text } from '../wording/text.js'
import type { ErrorCode } from './vethlab-error.js'

/** What happened and what helps, as a learner reads it. */
export interface Sentence {
  what: Text
  cure: Text
}

/** Errors of commands, of authors' and teachers' files, and of the server's start: no learner can bring one about. */
export type OperatorCode = Codes<
  | 'machine.not-root'
  | 'setup.failed'
  | 'setup.busy'
  | 'topology.invalid'
  | 'topology.unknown-key'
  | 'topology.overlap'
  | 'topology.duplicate-address'
  | 'topology.too-many-hosts'
  | 'lan.not-found'
  | 'submission.invalid'
  | 'evidence.invalid'
  | 'image.unreadable'
  | 'image.invalid'
  | 'image.too-large'
  | 'image.failed'
  | 'image.unknown'
  | 'import.unreadable'
  | 'import.too-large'
  | 'import.unknown'
  | 'import.invalid'
  | 'import.unsupported'
  | 'proof.unknown-code'
  | 'rackd.running'
  | 'serve.running'
  | 'serve.port-taken'
  | 'serve.failed'
>

/** Errors that a learner can meet, and that have one sentence. What is wrong with an argument, its error says itself. */
export type LearnerCode = Exclude<ErrorCode, OperatorCode | 'argument.invalid'>

type Codes<Code extends ErrorCode> = Code

export const again: Text = { en: 'Try again in a moment.', zh: '请稍后再试一次。' }
const openAgain: Text = { en: 'Open the lab again; your progress is kept.', zh: '请重新打开这个实验，进度会保留。' }
const resetHost: Text = { en: 'If that does not help, reset the host.', zh: '如果问题仍然存在，请重置这台主机。' }
export const tellOperator: Text = {
  en: 'Try again. If it keeps happening, tell whoever runs this server: its log says more.',
  zh: '请再试一次。如果问题仍然存在，请联系管理员，服务器日志里有详细信息。',
}
const machineFull: Text = {
  en: 'Close a lab that you no longer need, or wait until others have finished, then try again.',
  zh: '请关闭不再使用的实验，或等其他人用完后再试。',
}

/**
 * What a learner is told, by the code of the error: what an error itself says may name files of the server. A new code needs
 * a sentence here, or a place among the operators' codes.
 */
export const sentences = {
  'rack.limit': {
    what: { en: 'This machine has no room for another lab.', zh: '这台机器能同时打开的实验已达上限。' },
    cure: machineFull,
  },
  'store.full': {
    what: { en: 'The disk of this machine has no room for another lab.', zh: '这台机器的磁盘空间不够再打开一个实验。' },
    cure: machineFull,
  },
  'store.unavailable': {
    what: {
      en: "The disk that holds the labs' hosts can't be used right now.",
      zh: '存放实验主机的磁盘暂时无法使用。',
    },
    cure: tellOperator,
  },
  'machine.out-of-memory': {
    what: {
      en: 'This machine has too little free memory for another lab.',
      zh: '这台机器的空闲内存不够再打开一个实验。',
    },
    cure: machineFull,
  },
  'machine.missing-feature': {
    what: { en: 'This machine lacks something that the lab needs.', zh: '这台机器缺少这个实验所需的功能。' },
    cure: {
      en: 'Choose another lab. `vethlab doctor` tells whoever runs this server what is missing.',
      zh: '请选择其他实验。管理员可以用 `vethlab doctor` 查看缺少什么。',
    },
  },
  'machine.missing-tool': {
    what: { en: 'A program that labs need is missing on this machine.', zh: '这台机器缺少实验所需的程序。' },
    cure: {
      en: 'Whoever runs this server installs it with `vethlab setup`.',
      zh: '请管理员运行 `vethlab setup` 安装。',
    },
  },
  'golden.missing': {
    what: {
      en: 'The system that all hosts are made from has not been built yet.',
      zh: '用来创建主机的系统还没有构建好。',
    },
    cure: {
      en: 'Wait until the set-up has finished. Whoever runs this server starts it with `vethlab setup`.',
      zh: '请等待安装完成。管理员可以用 `vethlab setup` 启动安装。',
    },
  },
  'host.boot-failed': {
    what: { en: 'A host of this lab did not start.', zh: '这个实验的一台主机没能启动。' },
    cure: tellOperator,
  },
  'host.still-running': {
    what: { en: 'A host of this lab did not shut down.', zh: '这个实验的一台主机没能关闭。' },
    cure: tellOperator,
  },
  'host.unreachable': {
    what: { en: 'The Docker Engine of a host does not answer.', zh: '一台主机上的 Docker 引擎没有应答。' },
    cure: {
      en: 'Restart it with `systemctl restart docker` on the host, or reset the host.',
      zh: '请在主机上执行 `systemctl restart docker` 重启它，或重置这台主机。',
    },
  },
  'host.unverified': {
    what: {
      en: 'On a host, something else answers in place of its Docker Engine.',
      zh: '一台主机上，应答的不是它原来的 Docker 引擎。',
    },
    cure: { en: 'Reset the host.', zh: '请重置这台主机。' },
  },
  'host.not-found': {
    what: { en: 'This lab has no host of that name.', zh: '这个实验没有叫这个名字的主机。' },
    cure: { en: 'Choose one of the hosts that are shown.', zh: '请从列出的主机中选择。' },
  },
  'host.no-engine': {
    what: { en: 'This host has no Docker Engine.', zh: '这台主机上没有 Docker 引擎。' },
    cure: { en: 'Use one of the Docker hosts.', zh: '请使用带 Docker 的主机。' },
  },
  'rack.not-found': {
    what: { en: 'The hosts of this lab are gone.', zh: '这个实验的主机已经不在了。' },
    cure: openAgain,
  },
  'rackd.unreachable': {
    what: {
      en: "The part of the server that runs the labs' hosts does not answer.",
      zh: '负责运行实验主机的服务没有响应。',
    },
    cure: {
      en: 'Open hosts keep running. Try again in a moment.',
      zh: '已经打开的主机仍在运行。请稍后再试。',
    },
  },
  'lab.not-found': {
    what: { en: 'There is no such lab.', zh: '没有这个实验。' },
    cure: { en: 'Choose one from the catalogue.', zh: '请从目录中选择。' },
  },
  'lab.invalid': {
    what: { en: "There is a mistake in the lab's files.", zh: '这个实验的文件有错误。' },
    cure: { en: '`vethlab lint` tells its author what is wrong.', zh: '作者可以用 `vethlab lint` 查看错误。' },
  },
  'image.missing': {
    what: { en: 'This lab needs an image that is not on this machine.', zh: '这台机器上没有这个实验需要的镜像。' },
    cure: {
      en: 'Whoever runs this server adds it with `vethlab images add`.',
      zh: '请管理员用 `vethlab images add` 添加。',
    },
  },
  'lab.setup-failed': {
    what: {
      en: 'The hosts started, but preparing them for the lab failed.',
      zh: '主机已启动，但实验的准备脚本失败了。',
    },
    cure: tellOperator,
  },
  'terminal.limit': {
    what: {
      en: 'This lab can have no more terminals, or too much was sent to one.',
      zh: '终端数量已达上限，或一次发送的内容过多。',
    },
    cure: {
      en: 'Close a terminal that you no longer need, or paste less at once.',
      zh: '请关闭不用的终端，或减少一次粘贴的内容。',
    },
  },
  'terminal.busy': {
    what: {
      en: 'A program is running in that terminal, so no command can be typed there.',
      zh: '这个终端里有程序在运行，无法输入命令。',
    },
    cure: { en: 'End it with Ctrl-C, or open another terminal.', zh: '请用 Ctrl-C 结束它，或打开另一个终端。' },
  },
  'terminal.not-found': {
    what: { en: 'This terminal is gone.', zh: '这个终端已经不在了。' },
    cure: { en: 'Open a new one with +.', zh: '请点 + 打开新的终端。' },
  },
  'port.refused': {
    what: { en: 'Nothing answers on that port right now.', zh: '这个端口目前没有服务响应。' },
    cure: {
      en: 'Check that the container is running, and that its program listens on the published port.',
      zh: '请确认容器在运行，并且里面的程序在监听所发布的端口。',
    },
  },
  'port.not-published': {
    what: { en: 'No container publishes that port.', zh: '没有容器发布这个端口。' },
    cure: { en: 'Publish it with `-p`, then try again.', zh: '请先用 `-p` 发布端口。' },
  },
  'value.missing': {
    what: { en: "A live value in this block can't be read yet.", zh: '这段命令里的实时值目前读取不到。' },
    cure: { en: 'Do the earlier steps first.', zh: '请先完成前面的步骤。' },
  },
  'map.not-found': {
    what: { en: 'The map of that moment is no longer kept.', zh: '那一时刻的网络图已不再保留。' },
    cure: { en: 'Choose a later entry of the timeline.', zh: '请在时间线上选择更晚的一条。' },
  },
  'trace.cancelled': {
    what: {
      en: 'This trace was cancelled, or another one was started.',
      zh: '这次追踪已被取消，或者已经开始了另一次追踪。',
    },
    cure: { en: 'Start it again if you still want to know.', zh: '如果还想知道结果，请重新开始。' },
  },
  'rack.busy': {
    what: {
      en: 'Too much of this is already going on in this lab.',
      zh: '这个实验里同时进行的这类操作已达上限。',
    },
    cure: again,
  },
  'rack.not-still': {
    what: {
      en: 'A host of this lab could not be held still for the moment of the check.',
      zh: '检查时有一台主机没能停住。',
    },
    cure: {
      en: 'Try it again. If that does not help, reset the host.',
      zh: '请再试一次。如果仍然不行，请重置这台主机。',
    },
  },
  'work.not-assessed': {
    what: { en: 'Nothing is to be handed in of this lab.', zh: '这个实验不需要提交。' },
    cure: {
      en: 'It is for practice. Ask your teacher if you think otherwise.',
      zh: '它是练习。如有疑问，请询问老师。',
    },
  },
  'work.closed': {
    what: {
      en: 'This lab can not be handed in now: it is not open, or its time is over.',
      zh: '这个实验现在不能提交：还没有开放，或者时间已到。',
    },
    cure: { en: 'Your teacher can give you more time.', zh: '老师可以为你延长时间。' },
  },
  'work.no-attempt-left': {
    what: { en: 'You have handed this lab in as often as it may be.', zh: '这个实验的提交次数已用完。' },
    cure: { en: 'What you have handed in counts.', zh: '以已经提交的结果为准。' },
  },
  'trace.timeout': {
    what: { en: 'Tracing the packet took too long.', zh: '追踪数据包花费的时间过长。' },
    cure: again,
  },
  'session.not-found': {
    what: { en: 'There is no such session.', zh: '找不到这次实验。' },
    cure: { en: 'Open the lab from the catalogue.', zh: '请从目录重新打开实验。' },
  },
  'class.not-found': {
    what: { en: 'There is no such class, or nobody like that in it.', zh: '找不到这个课堂，或课堂里没有这个人。' },
    cure: { en: 'Open it from the list of classes.', zh: '请从课堂列表重新打开。' },
  },
  'hand.paused': {
    what: { en: 'Hands are not taken now.', zh: '现在不接受举手。' },
    cure: { en: 'Your teacher takes them again later.', zh: '老师稍后会重新开放。' },
  },
  'look.not-found': {
    what: {
      en: 'You may not look into these terminals, or no longer.',
      zh: '你没有权限查看这些终端，或者权限已结束。',
    },
    cure: { en: 'Ask the learner once more.', zh: '请再次征求学员同意。' },
  },
  'provider.unreachable': {
    what: { en: "The login service can't be reached.", zh: '目前连不上登录服务。' },
    cure: again,
  },
  'provider.refused': {
    what: { en: 'The login service did not let you in.', zh: '登录服务没有通过。' },
    cure: again,
  },
  'roster.invalid': {
    what: { en: "The list can't be read.", zh: '无法读取名单。' },
    cure: {
      en: 'Give CSV with a line of headings: name, and id, email and group where you have them.',
      zh: '请使用带标题行的 CSV：name，以及 id、email、group（如有）。',
    },
  },
  'session.not-open': {
    what: { en: 'The hosts of this lab are not running.', zh: '这个实验的主机现在没有运行。' },
    cure: { en: 'Wait until they have started, or open the lab again.', zh: '请等主机启动完成，或重新打开实验。' },
  },
  'session.busy': {
    what: { en: 'Something else is being done in this lab right now.', zh: '这个实验正在执行其他操作。' },
    cure: { en: 'Wait until that has finished.', zh: '请等它完成后再试。' },
  },
  'records.unusable': {
    what: { en: "Your progress can't be saved right now.", zh: '目前无法保存学习记录。' },
    cure: tellOperator,
  },
  'records.refused': {
    what: { en: 'That could not be saved as it is.', zh: '这些内容无法保存。' },
    cure: tellOperator,
  },
  'records.behind': {
    what: {
      en: "The database with everybody's progress can't be reached right now.",
      zh: '目前连不上保存学习进度的数据库。',
    },
    cure: {
      en: 'Labs that are open go on, and what you do in them is kept. Try this again in a moment.',
      zh: '已经打开的实验可以继续，做过的操作都会保留。请稍后再试。',
    },
  },
  'records.full': {
    what: {
      en: "The database can't be reached, and no more progress can wait here to be saved.",
      zh: '数据库连不上，等待保存的学习记录也已达上限。',
    },
    cure: tellOperator,
  },
  'command.failed': {
    what: { en: 'A command of the server failed.', zh: '服务器的一条命令执行失败。' },
    cure: resetHost,
  },
} satisfies Record<LearnerCode, Sentence>

/** The sentence of a code, where it has one. */
export function sentenceOf(code: string): Sentence | undefined {
  return Object.hasOwn(sentences, code) ? sentences[code as LearnerCode] : undefined
}
