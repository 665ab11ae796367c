import { FieldError } from '../../core/contract/errors.ts'
import { sentence } from '../words/sentence.ts'
import { LinkButton } from './button.tsx'
import { Empty } from './empty.tsx'
import { ErrorNote } from './error-note.tsx'
import { PageHead } from './page-head.tsx'

interface NotThereProps {
  readonly what: 'device' | 'alert'
  readonly error: Error
  /** Where those are that there are. */
  readonly list: { readonly href: string; readonly name: string }
}

/** In place of the one thing that an address names: there is none, or it cannot be had, and where the others are. */
export function NotThere({ what, error, list }: NotThereProps) {
  if (!(error instanceof FieldError) || error.code !== 'not_found')
    return (
      <>
        <PageHead title={`This ${what} cannot be shown`} />
        <ErrorNote error={error} />
      </>
    )
  return (
    <>
      <PageHead title={`There is no such ${what}`} />
      <Empty
        icon="info"
        title={sentence(error.message)}
        actions={<LinkButton href={list.href}>{list.name}</LinkButton>}
      >
        The address may be old, or mistyped.
      </Empty>
    </>
  )
}
