import type { Audit, PodSecurity, Security, SecurityProfile } from '../model/security.ts';
import { given } from './build-value.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';
import { profileSettings } from './security-profiles.ts';

type Stated = NonNullable<Inventory['spec']['security']>;

/** `spec.security`: the profile's settings under those that the inventory states. `profile` is of a cluster that states none. */
export function buildSecurity(
  { profile: stated, audit, podSecurity, maxTokenSeconds, podPidsLimit, ...fields }: Stated,
  profile: SecurityProfile,
  { folders, networkPolicy }: { readonly folders: Folders; readonly networkPolicy: boolean | undefined },
): Security {
  const chosen = stated ?? profile;
  const preset = profileSettings[chosen];
  return {
    profile: chosen,
    ...preset,
    ...stripped(fields),
    ...given('networkPolicy', networkPolicy),
    ...given('maxTokenSeconds', maxTokenSeconds),
    ...given('podPidsLimit', podPidsLimit),
    audit: buildAudit(audit ?? {}, preset.audit, folders),
    podSecurity: buildPodSecurity(podSecurity ?? {}, preset.podSecurity),
  };
}

function buildAudit(
  { policyFile, ...stated }: NonNullable<Stated['audit']>,
  preset: Audit,
  folders: Folders,
): Audit {
  return {
    ...preset,
    ...stripped(stated),
    ...given('policyFile', policyFile && absolutePath(policyFile, folders)),
  };
}

/** Namespaces are added to those of the profile: kboot's own need the host whatever else is stated. */
function buildPodSecurity(
  { exemptNamespaces = [], ...stated }: NonNullable<Stated['podSecurity']>,
  preset: PodSecurity,
): PodSecurity {
  return {
    ...preset,
    ...stripped(stated),
    exemptNamespaces: [...new Set([...preset.exemptNamespaces, ...exemptNamespaces])],
  };
}

/** Without the fields that are undefined. */
function stripped<T extends object>(stated: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
