import { identityIn, type Answers } from '../app/init/answers.ts';
import { bastionOf, portOf } from '../app/init/ssh.ts';
import { knownVersions } from '../catalog/release.ts';
import { loginName } from '../inventory/login-name.ts';
import type { InitArgs } from './args.ts';

/** How SSH reaches the hosts, as far as flags say it. Throws KbootError E-USAGE. */
export function sshFlags(args: InitArgs): Pick<Answers, 'port' | 'bastion' | 'identityFile'> {
  const identityFile = args['identity-file'];
  return {
    port: args.port === undefined ? undefined : portOf(args.port),
    bastion: args.bastion === undefined ? undefined : bastionOf(args.bastion),
    identityFile: identityFile === undefined ? undefined : identityIn(args.file, identityFile),
  };
}

/** What flags say, or what it is by default. */
export function flagsOrDefaults(args: InitArgs): Pick<Answers, 'user' | 'kubernetesVersion' | 'look'> {
  return {
    user: args.user ?? loginName() ?? 'root',
    kubernetesVersion: args['kubernetes-version'] ?? knownVersions()[0] ?? '',
    look: args.look ?? false,
  };
}
