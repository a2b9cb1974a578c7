import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const setupFiles = ['test/own-environment.ts'];
const onThisMachine = { setupFiles, testTimeout: 120_000, hookTimeout: 120_000 };
const onHosts = { setupFiles, testTimeout: 900_000, hookTimeout: 900_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...onThisMachine,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/e2e/**', 'test/browser/**'],
          // On a machine with two cores it would be one: tests wait for processes more than they calculate.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Whatever else runs on a machine can starve a test once; vitest prints which ones were run again.
          retry: 1,
        },
      },
      {
        test: {
          ...onThisMachine,
          name: 'browser',
          sequence: { groupOrder: 1 },
          include: ['test/browser/**/*.test.ts'],
        },
      },
      {
        test: {
          ...onHosts,
          name: 'lab',
          sequence: { groupOrder: 2 },
          include: ['test/lab/**/*.test.ts'],
          globalSetup: 'test/lab/global-setup.ts',
          // Most of a test's time is spent waiting for hosts; each lab has its own network.
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...onHosts,
          name: 'cluster',
          sequence: { groupOrder: 3 },
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
        },
      },
    ],
  },
});
