import { expose } from 'comlink';
import { contourMap, type ContourMap } from '../../race/contour-map.js';
import { race, type RacerSetup } from '../../race/racers.js';
import { heights, type Course, type Region, type Trajectory } from '../../race/trajectory.js';

const COLUMNS = 160;
const ROWS = 120;

/** The last race that was asked for: an older one stops between two racers. */
let latest = 0;

const api = {
  /** The losses over a region, and their contours. */
  map(formula: string, region: Region): ContourMap {
    return contourMap(heights(formula, region, COLUMNS, ROWS));
  },
  /** Runs the racers, one after the other; undefined if another race was asked for before the end. */
  async race(
    course: Course,
    entries: readonly (readonly [name: string, setup: RacerSetup])[],
  ): Promise<Record<string, Trajectory> | undefined> {
    const own = ++latest;
    const trajectories: Record<string, Trajectory> = {};
    for (const [name, setup] of entries) {
      trajectories[name] = await race(name, setup, course);
      // Messages that have come get their turn.
      await new Promise((resolve) => setTimeout(resolve));
      if (own !== latest) return undefined;
    }
    return trajectories;
  },
};

export type RaceWorker = typeof api;

expose(api);
