/** All bugs of the mutation check, in the order in which the documents list them. */

import { type Plant, PLANTS } from "./plants.ts";
import { POSTGRES_PLANTS } from "./plants_postgres.ts";

export const ALL_PLANTS: readonly Plant[] = [...PLANTS, ...POSTGRES_PLANTS];
