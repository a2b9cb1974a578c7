import type { Argv } from 'yargs';
import type { BundleArgs, GlobalArgs, ScopeArgs, SshArgs } from './args.ts';
import { consentAs } from '../app/consent.ts';
import { languages } from '../model/language/language.ts';
import { stages } from '../model/stage.ts';
import { askConsent, sayRunning } from './consent.ts';
import { everywhere, inOrder } from './manual.ts';
import { refuseOddValues } from './usage.ts';

/** Flags that every command accepts but that do not apply to every command. */
type Particular = 'state' | 'concurrency' | 'verbose' | 'allow-hooks';

/** The types of yargs lack this method. */
interface Known {
  getOptions(): { readonly array: readonly string[] };
}

/** Flags that every command takes; `--help` shows only those of `particular` that apply to the command. */
export function globalOptions<T>(yargs: Argv<T>, ...particular: readonly Particular[]): Argv<T & GlobalArgs> {
  const hidden = (name: Particular): boolean => !particular.includes(name);
  return inOrder(yargs)
    .check((given) => {
      refuseOddValues(given, (yargs as unknown as Known).getOptions().array);
      return true;
    })
    .option('output', {
      group: everywhere,
      alias: 'o',
      requiresArg: true,
      choices: ['text', 'json'] as const,
      default: 'text' as const,
      describe: 'text, or json: one event per line on stdout (default: text)',
    })
    .option('lang', {
      group: everywhere,
      requiresArg: true,
      choices: languages,
      describe:
        'en, or zh: Chinese explanations and remedies; plans and JSON stay English (default: LC_ALL, LC_MESSAGES, LANG)',
    })
    .option('state', {
      group: everywhere,
      type: 'string',
      requiresArg: true,
      hidden: hidden('state'),
      describe:
        "DIR: folder with the cluster's keys, lock and logs (default: .kboot/NAME beside the inventory)",
    })
    .option('concurrency', {
      group: everywhere,
      type: 'number',
      requiresArg: true,
      default: 30,
      hidden: hidden('concurrency'),
      describe: 'N: number of hosts to work on at the same time (default: 30)',
    })
    .option('verbose', {
      group: everywhere,
      type: 'boolean',
      default: false,
      hidden: hidden('verbose'),
      describe: 'Show everything: scripts, names of collapsed files',
    })
    .option('allow-hooks', {
      group: everywhere,
      type: 'boolean',
      default: false,
      hidden: hidden('allow-hooks'),
      describe:
        'Run commands of the inventory before anybody has seen the plan, without asking: spec.hostsFrom.command, `unless` of hooks, and Vagrant',
    })
    .middleware((given) => {
      consentAs({
        always: given['allow-hooks'] === true,
        ...(given['yes'] !== true && { ask: askConsent }),
        say: sayRunning,
      });
    })
    .option('color', {
      group: everywhere,
      type: 'boolean',
      default: true,
      describe: 'Colours in a terminal; --no-color and NO_COLOR turn them off (default: on)',
    });
}

export function inventoryPosition<T>(yargs: Argv<T>): Argv<T & { inventory: string }> {
  return yargs.positional('inventory', {
    type: 'string',
    demandOption: true,
    describe: 'The inventory, a YAML file; `kboot init` writes one',
    normalize: true,
  });
}

export function bundleOption<T>(yargs: Argv<T>): Argv<T & { bundle: string[]; 'allow-unofficial': boolean }> {
  return allowUnofficialOption(yargs).option('bundle', {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    describe:
      "DIR: folder with release files and images; repeat it for versions on the way to the inventory's (default: the folders in KBOOT_BUNDLE, separated by colons; without a bundle, hosts download from the official hosts or spec.artifacts.mirror)",
  });
}

export function allowUnofficialOption<T>(yargs: Argv<T>): Argv<T & { 'allow-unofficial': boolean }> {
  return yargs.option('allow-unofficial', {
    type: 'boolean',
    default: false,
    describe:
      'Use files and images that are not official builds, or differ from kboot.lock.yaml; `up` asks for it once (default: KBOOT_ALLOW_UNOFFICIAL)',
  });
}

export function scopeOptions<T>(yargs: Argv<T>): Argv<T & ScopeArgs> {
  return limitOption(yargs)
    .option('until', {
      choices: stages,
      requiresArg: true,
      describe: `STAGE: the last stage to run: ${stages.join(', ')} (default: addon, the last)`,
    })
    .option('ignore-preflight', {
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
      describe:
        'NAME…: preflight checks to ignore, as findings show them in brackets; all: every one that can be ignored',
    });
}

export function limitOption<T>(yargs: Argv<T>): Argv<T & { limit: string[] }> {
  return yargs.option('limit', {
    type: 'string',
    array: true,
    // Without a value it would mean every host.
    requiresArg: true,
    default: [] as string[],
    coerce: (names: readonly string[]) => names.flatMap((name) => name.split(',')),
    describe:
      'HOST…: only these hosts: w-1, w-*, role=worker, label=zone=a, group=rack-a; !w-2 leaves one out; must come after INVENTORY (default: all)',
  });
}

/** Flags that `plan` and `up` share. */
export function planningOptions<T>(
  yargs: Argv<T>,
): Argv<T & BundleArgs & ScopeArgs & { html: string | undefined; deep: boolean }> {
  const common = scopeOptions(
    inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks')),
  );
  return deepOption(htmlOption(bundleOption(renewOption(common))));
}

export function deepOption<T>(yargs: Argv<T>): Argv<T & { deep: boolean }> {
  return yargs.option('deep', {
    type: 'boolean',
    default: false,
    describe:
      'Read every file that is compared (default: not those that stat says are as they were when their digest was recorded)',
  });
}

function renewOption<T>(yargs: Argv<T>): Argv<T & { 'renew-certs': boolean }> {
  return yargs.option('renew-certs', {
    type: 'boolean',
    default: false,
    describe:
      "Renew the hosts' certificates regardless of expiry, and restart the components that use them; keys and CAs stay",
  });
}

export function yesOption<T>(yargs: Argv<T>): Argv<T & { yes: boolean }> {
  return yargs.option('yes', {
    alias: 'y',
    type: 'boolean',
    default: false,
    describe: 'Do not ask for confirmation; required without a terminal',
  });
}

export function htmlOption<T>(yargs: Argv<T>): Argv<T & { html: string | undefined }> {
  return yargs.option('html', {
    type: 'string',
    requiresArg: true,
    describe: 'FILE: also write it as an HTML page; one self-contained file, mode 0600',
  });
}

export function traceOption<T>(yargs: Argv<T>): Argv<T & { trace: string | undefined }> {
  return yargs.option('trace', {
    type: 'string',
    requiresArg: true,
    describe:
      'FILE: also write what ran when, and what waited for what, for https://ui.perfetto.dev or chrome://tracing',
  });
}

/** How commands that have no inventory yet reach the hosts. */
export function sshOptions<T>(yargs: Argv<T>): Argv<T & SshArgs> {
  return yargs
    .option('user', {
      type: 'string',
      requiresArg: true,
      describe: 'USER: for SSH; root, or a user who may use sudo (default: the user who runs kboot)',
    })
    .option('port', {
      type: 'string',
      requiresArg: true,
      describe: 'N: SSH port of the hosts (default: 22)',
    })
    .option('identity-file', {
      type: 'string',
      requiresArg: true,
      describe: 'FILE: private key for SSH (default: the agent, the default files in ~/.ssh, a password)',
    })
    .option('bastion', {
      type: 'string',
      requiresArg: true,
      describe:
        '[USER@]HOST[:PORT]: host to jump through to all others, with the same key and, by default, the same user',
    });
}
