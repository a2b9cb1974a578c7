import type { Hook, Host, Role, UserFile } from '../model/cluster.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';

type Spec = Inventory['spec'];

/** The files of a validated inventory, each with the hosts it applies to. */
export function buildFiles(
  stated: NonNullable<Spec['files']>,
  hosts: readonly Host[],
  folders: Folders,
): UserFile[] {
  return stated.map((file) => ({
    path: file.path,
    mode: file.mode ?? defaults.fileMode,
    stage: file.stage ?? defaults.fileStage,
    hosts: namesOf(file, hosts),
    restarts: file.restarts ?? [],
    secret: file.secret ?? false,
    content:
      file.source === undefined
        ? { text: file.content ?? '' }
        : { source: absolutePath(file.source, folders) },
  }));
}

/** The hooks of a validated inventory, each with the hosts it applies to. */
export function buildHooks(stated: NonNullable<Spec['hooks']>, hosts: readonly Host[]): Hook[] {
  return stated.map((hook) => ({
    name: hook.name,
    when: hook.before === undefined ? 'after' : 'before',
    stage: hook.before ?? hook.after ?? 'host',
    on: hook.on === 'operator' ? 'operator' : namesOf(hook, hosts),
    run: hook.run,
    ...given('unless', hook.unless),
    timeoutSeconds: hook.timeoutSeconds ?? defaults.hookTimeoutSeconds,
  }));
}

function namesOf(
  stated: { readonly roles?: readonly Role[] | undefined; readonly hosts?: readonly string[] | undefined },
  hosts: readonly Host[],
): string[] {
  const everyone = stated.roles === undefined && stated.hosts === undefined;
  return hosts
    .filter(
      ({ name, roles }) =>
        everyone ||
        stated.hosts?.includes(name) === true ||
        stated.roles?.some((role) => roles.includes(role)) === true,
    )
    .map(({ name }) => name);
}
