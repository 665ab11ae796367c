import type { Rule } from '../../../core/contract/model.ts'
import { AskDialog } from '../../parts/ask-dialog.tsx'
import { useCommand } from '../../use-core.ts'

interface DeleteDialogProps {
  readonly rule: Rule
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Asks once, and says what goes and what stays. */
export function DeleteDialog({ rule, onClose, onDone }: DeleteDialogProps) {
  const command = useCommand()
  return (
    <AskDialog
      title={`Delete “${rule.name}”?`}
      does="Delete"
      disabled={command.pending}
      errors={[command.error]}
      onDo={() => command.send('rule.delete', { id: rule.id }, onDone)}
      onClose={onClose}
    >
      <p>
        Nothing is watched by it from now on, and what it has open goes back to normal. Past alerts stay, with the
        settings of their day. To stop it for a while, switch it off instead.
      </p>
    </AskDialog>
  )
}
