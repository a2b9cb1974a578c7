import type { StateSettings } from '../model/state-settings.ts';
import { given } from './build-value.ts';
import { absolutePath, type Folders } from './paths.ts';
import type { Inventory } from './schema.ts';

/** `spec.state` with every default filled in. */
export function buildState(
  { recipients, encryptKeys, copy }: NonNullable<Inventory['spec']['state']>,
  folders: Folders,
): StateSettings {
  return {
    encryptKeys: encryptKeys ?? false,
    recipients: [...new Set(recipients)].sort(),
    ...given('copy', copy && absolutePath(copy, folders)),
  };
}
