import { afterEach, beforeEach, vi } from 'vitest';
import type * as catalog from '../../src/catalog/artifacts.ts';
import { sha256 } from '../../src/model/digest.ts';
import { fileAt, startMirror, startRegistry, type FakeRegistry, type FakeServer } from './servers.ts';

export interface Places {
  mirror: FakeServer;
  registry: FakeRegistry;
}

/** A mirror and a registry for each test of a file. */
export function freshPlaces(): Places {
  const places = {} as Places;
  beforeEach(async () => {
    [places.mirror, places.registry] = await Promise.all([startMirror(), startRegistry()]);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await Promise.all([places.mirror.close(), places.registry.close()]);
  });
  return places;
}

/** The catalog with the checksums of the mirror's files: it cannot have the official ones. */
export function asMirrored({ artifacts }: typeof catalog): Pick<typeof catalog, 'artifacts'> {
  return {
    artifacts: (release, arch) =>
      artifacts(release, arch).map((each) => ({ ...each, sha256: sha256(fileAt(each.mirrorPath)) })),
  };
}
