import { asksForm, familyOf } from '../../server/check/checks.js'
import type { Lab } from '../../server/lab/lab.js'
import { answerId, stepTitle } from '../../server/lab/lab.js'

/** docs/forms.md, written from the labs, so that it can't tell what they do not ask. */
export function formsPage(labs: readonly Lab[]): string {
  const rows = labs.flatMap((lab) =>
    lab.steps.flatMap((step) =>
      step.checks.flatMap((check, n) =>
        asksForm(check)
          ? [`| ${lab.id} | ${stepTitle(lab, step).en} | ${n + 1}, \`${check.family}\` | ${check.form ?? ''} |`]
          : [],
      ),
    ),
  )
  const known = labs.flatMap((lab) =>
    lab.steps.flatMap((step) =>
      step.checks.flatMap((check) => {
        const answer = familyOf(check).knowable?.(check.spec)
        return answer ? [`| ${lab.id} | ${stepTitle(lab, step).en} | ${answerId(check)} | ${answer.why ?? ''} |`] : []
      }),
    ),
  )
  return `${[
    '# Checks that ask for a form',
    'A step of a lab is judged by what is true at its end, by whatever way it came about: two routes of /28 are as good as one of /27, and a rule of\nnft as one of iptables. These checks of the labs that come with vethlab ask how it was done, and each says why. All others look at what there is and what it does.',
    ['| lab | step | check | why |', '|---|---|---|---|', ...rows].join('\n'),
    '## Answers that can be known without a look',
    "Answers are compared with the network as it is, or with a value of chance that the setup has hidden in it, so that one who has not looked can't\nknow them. These can be known all the same, and each says why that may be.",
    ['| lab | step | answer | why |', '|---|---|---|---|', ...known].join('\n'),
  ].join('\n\n')}\n`
}
