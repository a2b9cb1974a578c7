import { join } from 'node:path';
import yargs, { type CommandModule } from 'yargs';
import { KbootError } from '../../src/model/error.ts';
import { read, root } from './documents.ts';

const modules = await commandModules();

/** Every command of kboot, as main.ts registers them. */
export const verbs: ReadonlySet<string> = new Set([
  'completion',
  ...modules.map(({ command }) => String(command).split(' ')[0] ?? ''),
]);

async function commandModules(): Promise<readonly CommandModule[]> {
  const files = [...read('src/main.ts').matchAll(/from '(\.\/cli\/\w+\.ts)'/g)].map(([, file = '']) => file);
  const loaded = await Promise.all(
    files.map((file) => import(join(root, 'src', file)) as Promise<Record<string, unknown>>),
  );
  return loaded.flatMap(Object.values).filter(isModule);
}

function isModule(value: unknown): value is CommandModule {
  return typeof value === 'object' && value !== null && 'command' in value && 'describe' in value;
}

/** The error of kboot's own parser for a command line; '' if there is none. Nothing is run. A lone verb is only a mention. */
export async function complaint(line: string): Promise<string> {
  const mention = /^kboot (\w+)$/.exec(line)?.[1];
  if (mention !== undefined) return verbs.has(mention) ? '' : `${mention} is not a command`;
  const words = line
    .replace(/\s*(?:[|>]|2>).*$/, '')
    .replaceAll(/[[\]]/g, '')
    .replace('STAGE', 'runtime')
    .replace(/ --concurrency N\b/, ' --concurrency 5')
    .split(/\s+/)
    .slice(1);
  let said = '';
  await yargs(words)
    .command(modules.map((module) => ({ ...module, handler: () => undefined })) as never[])
    .command('completion', '')
    .demandCommand(1)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      said = message || String(error);
    })
    .parseAsync()
    .catch((error: unknown) => {
      // The subcommand of a module keeps its handler: `plan show` does not find the file.
      if (!(error instanceof KbootError)) throw error;
      said = error.code === 'E-PLAN' ? '' : error.message;
    });
  return said;
}
