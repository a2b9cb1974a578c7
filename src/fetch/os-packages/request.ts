import type { Architecture } from '../../catalog/data.ts';

/** Packages of a distribution, for hosts of one architecture. */
export interface PackageRequest {
  /** `debian-12` */
  readonly system: string;
  readonly arch: Architecture;
  readonly names: readonly string[];
  /** Base URL that has folders of distributions below it, `debian` or `rocky`, instead of the distribution's hosts. */
  readonly mirror: string | undefined;
  /** Public keys that sign the mirror's packages, in OpenPGP's binary form or with ASCII armor, instead of the distribution's. */
  readonly key?: Buffer | undefined;
}
