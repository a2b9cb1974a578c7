import type { PlanningCommand } from '../app/consent.ts';

/** Says that the command that lists the hosts runs, for which nobody was asked now. */
export async function sayRunning({ text }: PlanningCommand): Promise<void> {
  const [{ note }, { line }] = await Promise.all([import('./terminal.ts'), import('../view/printable.ts')]);
  note(line`spec.hostsFrom: runs ${text.split('\n')[0] ?? ''}`);
}

/** Shows commands of an inventory in full and asks whether they may run; without a terminal they may not. */
export async function askConsent(inventory: string, commands: readonly PlanningCommand[]): Promise<boolean> {
  // Everything for prompts is loaded only now, so that `--help` is quick.
  const [{ confirm, isInteractive, note }, { consentText }] = await Promise.all([
    import('./terminal.ts'),
    import('../view/consent-text.ts'),
  ]);
  if (!isInteractive()) return false;
  note(consentText(inventory, commands));
  return await confirm(
    'Run them now, and from now on without asking while they stay as they are?',
    false,
    'no',
  );
}
