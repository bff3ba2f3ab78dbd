import { Coded } from '../shell/words.js'
import { stringsOf } from '../state/language.js'
import { welcomed } from '../state/settings.js'

const strings = stringsOf({
  en: {
    title: 'How a lab works',
    hosts:
      "You have hosts of your own. In their terminals you are root, so you need no sudo. You can't break anything for good: the menu resets a host.",
    run: 'Run types a command into a terminal of the right host. You can type it yourself as well.',
    checks:
      'Most steps check themselves as you work, by what the network really does; where there is a question, you hand in the answer. Check looks at once, and says what is still missing.',
    offline:
      'The hosts are offline, unless the lab says otherwise. `docker image ls` shows the images that are there, which run without a pull; `docker pull` gets nothing from outside.',
    map: 'The map shows the network as it is now. Trace follows a packet, and says where it stops.',
    done: 'Got it',
  },
  zh: {
    title: '实验怎么做',
    hosts: '这些主机是你专用的。终端以 root 身份登录，不需要 sudo；弄坏了也没关系，可以在菜单里重置主机。',
    run: '“运行”会把命令输入到对应主机的终端里，你也可以自己输入。',
    checks:
      '操作时，大多数步骤会根据网络的实际状态自动检查；有问题的步骤需要提交答案。“检查”会立即查看，并说明还缺什么。',
    offline:
      '除非实验另有说明，主机不能上网。用 `docker image ls` 查看已有的镜像，它们不用拉取就能运行；`docker pull` 无法从外面拉取。',
    map: '网络图显示网络现在的样子。“追踪”跟随一个数据包，并说明它停在哪里。',
    done: '知道了',
  },
})

/** What one has to know before the first lab. It is put away for good, and the menu brings it back. */
export function Welcome() {
  if (welcomed.value) return null
  const t = strings.value
  return (
    <aside class="welcome" aria-label={t.title}>
      <h2>{t.title}</h2>
      <ul>
        {[t.hosts, t.run, t.checks, t.offline, t.map].map((text) => (
          <li key={text}>
            <Coded text={text} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="primary"
        onClick={() => {
          welcomed.value = true
        }}
      >
        {t.done}
      </button>
    </aside>
  )
}
