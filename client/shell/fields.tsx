import type { InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

interface InputFieldProps extends Pick<InputHTMLAttributes, 'min' | 'max' | 'step' | 'maxLength' | 'required'> {
  label: string
  type: 'text' | 'number' | 'datetime-local'
  /** As it is written in the field: empty where nothing is. */
  value: string
  /** What else has to be known of it, below it. */
  note?: string
  onInput(value: string): void
}

/** A line to type into, below its label. */
export function InputField({ label, type, note, onInput, ...rest }: InputFieldProps) {
  const id = useId()
  const about = note === undefined ? {} : { 'aria-describedby': `${id}-note` }
  return (
    <>
      <label for={id}>{label}</label>
      {/* The types of Preact want one kind of field at a time. */}
      <input
        id={id}
        type={type as 'text'}
        {...rest}
        {...about}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {note !== undefined && (
        <p id={`${id}-note`} class="muted">
          {note}
        </p>
      )}
    </>
  )
}

interface SelectFieldProps<T extends string> {
  label: string
  value: T
  /** What may be chosen, with the words for it. */
  options: readonly (readonly [T, string])[]
  onChange(value: NoInfer<T>): void
}

/** One of several to be chosen, below its label. */
export function SelectField<T extends string>({ label, value, options, onChange }: SelectFieldProps<T>) {
  const id = useId()
  return (
    <>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </>
  )
}

interface CheckFieldProps {
  label: string
  checked: boolean
  onChange(checked: boolean): void
}

/** A box to tick, before its label. */
export function CheckField({ label, checked, onChange }: CheckFieldProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  )
}
