import { readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Cluster } from '../model/cluster.ts';
import { sha256 } from '../model/digest.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';
import { isTrusted, trust } from '../store/trust.ts';

/** A command of the inventory that would run while kboot only reads. */
export interface PlanningCommand {
  readonly kind: 'unless' | 'vagrant' | 'hosts';
  /** Hosts where it runs as root; undefined: on this machine, as the user who runs kboot. */
  readonly hosts: readonly string[] | undefined;
  /** `unless of hook data-disk` */
  readonly what: string;
  readonly text: string;
}

interface Manner {
  /** `--allow-hooks` */
  readonly always: boolean;
  /** Shows the commands and asks; absent: there is nobody to ask. */
  readonly ask?: (inventory: string, commands: readonly PlanningCommand[]) => Promise<boolean>;
  /** Says that the command that lists the hosts runs now. */
  readonly say?: (command: PlanningCommand) => Promise<void>;
}

let manner: Manner = { always: false };

/** How the command line consents; without it, commands do not run. */
export function consentAs(how: Manner): void {
  manner = how;
}

const given = new WeakMap<Cluster, Promise<boolean>>();

/**
 * Whether commands of the inventory may run while planning. Whoever can change an inventory, as in a pull request, could
 * otherwise run anything where it is planned. They may if a flag says so, or if somebody agreed to exactly these commands
 * in this inventory, now or before.
 */
export function mayRunCommands(inventoryFile: string, cluster: Cluster): Promise<boolean> {
  const known = given.get(cluster) ?? consent(inventoryFile, cluster);
  given.set(cluster, known);
  return known;
}

/** The same for the command that lists the hosts: it runs before it is known which other commands there are. */
export async function mayRunHostsCommand(inventoryFile: string, command: PlanningCommand): Promise<boolean> {
  const may = await agreed(inventoryFile, [command], ' spec.hostsFrom');
  if (may) await manner.say?.(command);
  return may;
}

async function consent(inventoryFile: string, cluster: Cluster): Promise<boolean> {
  return await agreed(inventoryFile, planningCommands(cluster));
}

/** `part`: what is remembered of it replaces only earlier answers about that part of the inventory. */
async function agreed(
  inventoryFile: string,
  commands: readonly PlanningCommand[],
  part = '',
): Promise<boolean> {
  if (commands.length === 0 || manner.always) return true;
  const path = realpathSync(resolve(inventoryFile));
  const digest = sha256(JSON.stringify([path, commands]));
  if (isTrusted(digest)) return true;
  if (manner.ask === undefined || !(await manner.ask(inventoryFile, commands))) return false;
  await trust(digest, `${path}${part}`);
  return true;
}

/** Every command of an inventory that runs before somebody has seen the plan. */
export function planningCommands({ hooks = [], hosts }: Cluster): readonly PlanningCommand[] {
  const folders = new Set(
    hosts.flatMap(({ connection }) => (connection.kind === 'vagrant' ? [connection.vagrantDir] : [])),
  );
  return [
    ...hooks.flatMap(({ name, on, unless }) =>
      unless === undefined
        ? []
        : [
            {
              kind: 'unless' as const,
              hosts: on === 'operator' ? undefined : on,
              what: `unless of hook ${name}`,
              text: unless.trimEnd(),
            },
          ],
    ),
    ...[...folders].map((folder) => ({
      kind: 'vagrant' as const,
      hosts: undefined,
      what: 'Vagrant, which runs a Vagrantfile',
      text: vagrantText(folder),
    })),
  ];
}

/** A Vagrantfile is a program: another one is another command. */
function vagrantText(folder: string): string {
  const file = join(folder, 'Vagrantfile');
  try {
    return `vagrant ssh-config # ${file}, sha256 ${sha256(readFileSync(file))}`;
  } catch {
    return `vagrant ssh-config # in ${folder}`;
  }
}

/** For the plan: whether hooks are in it only because nobody asked whether they are needed. */
export function unaskedHooks({ hooks = [] }: Cluster, until: Stage, mayAsk: boolean): readonly string[] {
  const reached = stagesUntil(until);
  const names = hooks.flatMap(({ name, stage, unless }) =>
    unless !== undefined && reached.includes(stage) ? [name] : [],
  );
  if (mayAsk || names.length === 0) return [];
  return [
    `\`unless\` of ${names.length === 1 ? 'hook' : 'hooks'} ${names.join(', ')} was not run while planning, since it is a command of the inventory: \`up\` runs it right before the hook; --allow-hooks runs it now`,
  ];
}
