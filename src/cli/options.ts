import type { Argv } from 'yargs';
import type { GlobalArgs, ScopeArgs } from './args.ts';
import { stages } from '../model/stage.ts';

export function globalOptions<T>(yargs: Argv<T>): Argv<T & GlobalArgs> {
  return yargs
    .option('output', {
      alias: 'o',
      choices: ['text', 'json'] as const,
      default: 'text' as const,
      describe: 'json: one event a line on stdout',
    })
    .option('state', {
      type: 'string',
      requiresArg: true,
      describe: 'State folder (default: .kboot/NAME beside the inventory)',
    })
    .option('concurrency', {
      type: 'number',
      requiresArg: true,
      default: 30,
      describe: 'Hosts worked on at the same time',
    })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Show everything: scripts, names of folded files',
    })
    .option('color', {
      type: 'boolean',
      default: true,
      describe: 'Colours on a terminal (NO_COLOR is heeded)',
    });
}

export function inventoryPosition<T>(yargs: Argv<T>): Argv<T & { inventory: string }> {
  return yargs.positional('inventory', {
    type: 'string',
    demandOption: true,
    describe: 'The inventory file',
    normalize: true,
  });
}

export function bundleOption<T>(yargs: Argv<T>): Argv<T & { bundle: string | undefined }> {
  return yargs.option('bundle', {
    type: 'string',
    requiresArg: true,
    describe:
      'Folder with release files and images (default: KBOOT_BUNDLE); without one they come from the official hosts or spec.artifacts.mirror',
  });
}

export function scopeOptions<T>(yargs: Argv<T>): Argv<T & ScopeArgs> {
  return yargs
    .option('until', { choices: stages, defaultDescription: '"addon"', describe: 'Last stage to carry out' })
    .option('limit', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Change these hosts only',
    })
    .option('ignore-preflight', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Preflight checks to pass over, by name',
    });
}

export function yesOption<T>(yargs: Argv<T>): Argv<T & { yes: boolean }> {
  return yargs.option('yes', {
    alias: 'y',
    type: 'boolean',
    default: false,
    describe: 'Do not ask; needed where there is no terminal',
  });
}

export function htmlOption<T>(yargs: Argv<T>): Argv<T & { html: string | undefined }> {
  return yargs.option('html', {
    type: 'string',
    requiresArg: true,
    describe: 'Write it as a page for the browser, too: one file that needs nothing else',
  });
}
