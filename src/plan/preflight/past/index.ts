import { cgroupControllers, kernelModulesBlocked, noExec } from './kernel.ts';
import { kubeletFlags } from './kubelet-flags.ts';
import { nameServers } from './name-servers.ts';
import { foreignLinks, networkOverlap } from './networks.ts';
import { kubeletProxy } from './proxy.ts';
import type { PastCheck } from './shortcoming.ts';
import { lockFolder, savedRules } from './state.ts';
import { sysctlFiles } from './sysctl.ts';
import { runningContainers } from './containers.ts';
import { activeUnits, dropIns, kubeletPackage, maskedUnits } from './units.ts';

/** Everything that an earlier installer, the distribution or an administrator left and that would break a node. */
export const pastChecks: readonly PastCheck[] = [
  cgroupControllers,
  kernelModulesBlocked,
  noExec,
  activeUnits,
  runningContainers,
  maskedUnits,
  dropIns,
  kubeletFlags,
  kubeletPackage,
  kubeletProxy,
  nameServers,
  networkOverlap,
  foreignLinks,
  sysctlFiles,
  lockFolder,
  savedRules,
];
