import { homedir } from 'node:os';
import { componentCatalog } from '../catalog/components.ts';
import { knownVersions } from '../catalog/release.ts';
import { parseInventory } from '../inventory/parse.ts';
import type { Cluster } from '../model/cluster.ts';

/** What an inventory that is about to be written says. */
export interface NewlyParsed {
  /** undefined: it is not valid, as `errors` say. */
  readonly cluster: Cluster | undefined;
  /** Without locations: the file does not exist yet. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** The text of an inventory, parsed as every command will parse it, without the environment. */
export function parseNew(text: string, file: string): NewlyParsed {
  const { cluster, diagnostics } = parseInventory(text, {
    ...{ file, env: {}, homeDirectory: homedir() },
    ...{ knownVersions: knownVersions(), components: componentCatalog },
  });
  const messages = (severity: 'error' | 'warning'): string[] =>
    diagnostics
      .filter((each) => each.severity === severity)
      .map(({ message }) => message.replaceAll(/ \(line \d+\)/g, ''));
  return { cluster, errors: messages('error'), warnings: messages('warning') };
}
