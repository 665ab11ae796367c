import type { ButtonHTMLAttributes, ReactNode } from 'react'
import styles from './button.module.css'
import { Icon, type IconName } from './icon.tsx'
import { Kbd } from './kbd.tsx'

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> {
  /** primary: the one thing to do here. time: belongs to the past. quiet: beside a heading. */
  readonly look?: 'plain' | 'primary' | 'time' | 'quiet'
  readonly icon?: IconName
  /** The key that does the same, shown where there is room. */
  readonly hint?: string
  readonly children: ReactNode
}

export function Button({ look = 'plain', icon, hint, children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={look === 'plain' ? styles.button : `${styles.button} ${styles[look]}`} {...rest}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
      {hint !== undefined && <Kbd keys={hint} />}
    </button>
  )
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'aria-label'> {
  readonly icon: IconName
  /** What it does, for the tooltip and for who cannot see the drawing. */
  readonly label: string
}

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`${styles.button} ${styles.icon}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  )
}

interface LinkButtonProps {
  readonly href: string
  readonly look?: 'plain' | 'primary' | 'quiet'
  readonly children: ReactNode
}

/** A place to go that looks like a button. */
export function LinkButton({ href, look = 'plain', children }: LinkButtonProps) {
  return (
    <a href={href} className={look === 'plain' ? styles.button : `${styles.button} ${styles[look]}`}>
      {children}
    </a>
  )
}
