import type { Path } from '../inventory/position.ts';
import type { Registry, RegistryLogin } from '../model/cluster.ts';
import { readUpload, readVariable, variableName, type Upload } from '../store/uploads.ts';

/** A file or environment variable of this machine that spec.containerd.registries names. */
interface Source {
  /** Its name among the uploads. */
  readonly name: string;
  /** Path or variable as the inventory has it. */
  readonly shown: string;
  readonly path: Path;
  /** A string is a phrase that follows the name: why it cannot be used. */
  readonly read: () => Upload | string;
}

/** Everything on this machine that the registries need: CAs and passwords. */
export function registrySources(registries: readonly Registry[]): readonly Source[] {
  return registries.flatMap((registry, index) => {
    const path: Path = ['spec', 'containerd', 'registries', index];
    return [
      ...sourcesOf(registry, path),
      ...registry.mirrors.flatMap((mirror, at) => sourcesOf(mirror, [...path, 'mirrors', at])),
    ];
  });
}

function sourcesOf({ caFile, credentials }: Pick<Registry, 'caFile' | 'credentials'>, path: Path): Source[] {
  return [
    ...(caFile === undefined
      ? []
      : [{ name: caFile, shown: caFile, path: [...path, 'caFile'], read: () => readCertificate(caFile) }]),
    ...(credentials === undefined ? [] : [passwordSource(credentials, [...path, 'credentials'])]),
  ];
}

function passwordSource({ password }: RegistryLogin, path: Path): Source {
  if ('env' in password)
    return {
      name: variableName(password.env),
      shown: password.env,
      path: [...path, 'passwordEnv'],
      read: () => readVariable(process.env[password.env]),
    };
  return {
    name: password.file,
    shown: password.file,
    path: [...path, 'passwordFile'],
    read: () => readPassword(password.file),
  };
}

/** containerd fails every pull from a registry whose CA it cannot read. */
function readCertificate(file: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string' || read.text?.includes('-----BEGIN CERTIFICATE-----') === true) return read;
  return 'does not contain a certificate in PEM';
}

function readPassword(file: string): Upload | string {
  const read = readUpload(file);
  if (typeof read === 'string') return read;
  const lines = read.text?.trimEnd().split('\n') ?? [];
  return lines.length === 1 && lines[0] !== '' ? read : 'must contain the password on one line';
}
