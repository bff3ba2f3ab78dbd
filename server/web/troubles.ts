import { sentences } from '../error/sentences.js'
import type { Trouble } from '../error/trouble.js'

/** What the web itself has to say no to. */
export const troubles = {
  invalid: {
    code: 'request.invalid',
    what: { en: 'The server does not understand this request.', zh: '服务器无法理解这个请求。' },
    cure: {
      en: 'Load the page again: it may be of an earlier version.',
      zh: '请重新加载页面：它可能是旧版本。',
    },
  },
  tooMany: {
    code: 'request.limit',
    what: { en: 'Too many requests at once.', zh: '短时间内请求过多。' },
    cure: { en: 'Wait a few seconds.', zh: '请稍等几秒再试。' },
  },
  searchTooLong: {
    code: 'search.too-long',
    what: { en: 'The search is too long.', zh: '搜索内容过长。' },
    cure: { en: 'Search for fewer words.', zh: '请少输入一些词。' },
  },
  tooManyTerminals: {
    code: 'terminal.limit',
    what: { en: 'This window shows too many terminals.', zh: '这个窗口打开的终端太多了。' },
    cure: { en: 'Close some of them.', zh: '请先关闭一些终端。' },
  },
  notAttached: {
    code: 'terminal.detached',
    what: { en: 'The terminal is not connected.', zh: '终端没有连接。' },
    cure: { en: 'It is connected again by itself.', zh: '它会自动重新连接。' },
  },
  tooManyPreviews: {
    code: 'preview.limit',
    what: { en: 'Too many ports are being looked at.', zh: '正在查看的端口太多了。' },
    cure: {
      en: 'Close the hosts of another lab, or wait until some have not been used for half an hour.',
      zh: '请关闭其他实验的主机，或等待半小时未使用的端口自动关闭。',
    },
  },
  noPreviewPort: {
    code: 'preview.no-port',
    what: { en: 'No port of this machine is free to show it on.', zh: '本机没有空闲端口可用来显示它。' },
    cure: {
      en: 'Start vethlab with another range: --preview-ports FROM-TO.',
      zh: '请用 --preview-ports FROM-TO 指定另一个端口范围后重新启动 vethlab。',
    },
  },
  forbidden: {
    code: 'request.forbidden',
    what: { en: 'That is not for you to do.', zh: '你没有权限这样做。' },
    cure: {
      en: 'Load the page again: the class may have ended, or your part in it may have changed.',
      zh: '请重新加载页面：课堂可能已结束，或你的权限有变化。',
    },
  },
  stepLocked: {
    code: 'step.locked',
    what: { en: 'Your class has not come to this step yet.', zh: '课堂还没有进行到这一步。' },
    cure: { en: 'Your teacher opens it.', zh: '老师会开放这一步。' },
  },
  labNotYet: {
    code: 'lab.not-yet',
    what: { en: 'Your class has not opened this lab yet.', zh: '课堂还没有开放这个实验。' },
    cure: { en: 'The list of labs says when it opens.', zh: '实验目录里写有开放时间。' },
  },
  labAfter: {
    code: 'lab.not-yet',
    what: { en: 'In your class another lab comes before this one.', zh: '按课堂的安排，要先完成另一个实验。' },
    cure: { en: 'The list of labs says which one.', zh: '实验目录里写明是哪一个。' },
  },
  labOver: {
    code: 'lab.over',
    what: { en: 'The time for this lab is over.', zh: '这个实验的时间已到。' },
    cure: {
      en: 'What you did is kept. Your teacher can give you more time.',
      zh: '你的进度已保留。老师可以为你延长时间。',
    },
  },
  solutionLocked: {
    code: 'solution.locked',
    what: { en: 'Your class has no solutions for this lab now.', zh: '课堂目前不提供这个实验的答案。' },
    cure: { en: 'Ask for a hint, or raise your hand.', zh: '可以看提示，或举手求助。' },
  },
  onlyLooking: {
    code: 'terminal.read-only',
    what: { en: 'You may look into this terminal, and not type.', zh: '你只能查看这个终端，不能输入。' },
    cure: { en: 'Ask the learner to let you type.', zh: '如需输入，请征求学员同意。' },
  },
  notOpen: { code: 'session.not-open', ...sentences['session.not-open'] },
  noApi: {
    code: 'api.not-found',
    what: { en: 'The server knows no such document.', zh: '服务器没有这个文档。' },
    cure: { en: 'Load the page again.', zh: '请重新加载页面。' },
  },
} satisfies Record<string, Trouble>
