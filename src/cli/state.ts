import type { CommandModule } from 'yargs';
import type { StateArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const state: CommandModule<object, StateArgs> = {
  command: 'state <action> <inventory> [file]',
  describe: 'An encrypted copy of the state folder for a team, and its keys encrypted at rest',
  builder: (yargs) =>
    manual(yesOption(inventoryPosition(globalOptions(yargs, 'state'))), {
      synopsis: 'state ACTION INVENTORY [FILE] [flags]',
      text: `Keeps an encrypted copy of the state folder in a file, in a git repository or on a shared disk, and encrypts the private keys in the folder. Contacts nothing.

push writes the copy, unless it is the same already: the file changes only if the state has changed. It refuses to overwrite what somebody else pushed since. pull puts the copy into the place of the folder's files, and refuses to overwrite what was not pushed. show says which of both has changed, and exits with 2 if they differ. rekey makes the private keys as spec.state says, as the next \`up\` would: encrypted or not, for the present recipients; if they are encrypted already, with a new key and another passphrase. After an interruption, run the same command again.

The copy contains the CAs, certificates, keys, the cluster's ID and the record of an exchange of CAs; not run logs and snapshots of etcd. It is a file of age (age-encryption.org/v1) with a tar archive, which \`age -d FILE | tar x\` also reads. spec.state.recipients lists the public keys (age1…) of those who can decrypt it; without recipients it has a passphrase: from a prompt, KBOOT_STATE_PASSPHRASE, or the file KBOOT_STATE_PASSPHRASE_FILE.`,
      examples: [
        ['kboot state push prod.yaml', 'To spec.state.copy'],
        ['kboot state push prod.yaml /mnt/team/prod.age', 'To another file'],
        [
          'kboot state pull prod.yaml --identity ~/key.txt',
          'On another machine, or after the folder was lost',
        ],
        ['kboot state show prod.yaml', 'Which of both has changed'],
        ['kboot state rekey prod.yaml', 'Encrypt the private keys, or with another passphrase'],
      ],
      exit: '0 done · 2 for show: they differ · 3 refused: the message says why · 7 another run holds the lock · 130 answered no',
      seeAlso: ['up', 'adopt', 'explain'],
    })
      .positional('action', {
        choices: ['push', 'pull', 'show', 'rekey'] as const,
        demandOption: true,
        describe: 'What to do',
      })
      .positional('file', {
        type: 'string',
        describe: 'The copy (default: spec.state.copy)',
      })
      .option('identity', {
        type: 'string',
        requiresArg: true,
        describe:
          'FILE: for pull: your identity of age (AGE-SECRET-KEY-1…), mode 600 (default: the file KBOOT_STATE_IDENTITY)',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Overwrite what somebody else pushed, or what was not pushed, after a question',
      }),
  async handler(args) {
    const { runState } = await import('./state-run.ts');
    process.exitCode = await runState(args);
  },
};
