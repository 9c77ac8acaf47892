/**
 * The built-in templates: plans for common work on code. The description of each task must be enough for an agent that
 * knows nothing else. A changed template needs a new version.
 */

import bugfix from "./builtin/bugfix.json" with { type: "json" };
import feature from "./builtin/feature.json" with { type: "json" };
import migration from "./builtin/migration.json" with { type: "json" };
import release from "./builtin/release.json" with { type: "json" };
import reviewPanel from "./builtin/review_panel.json" with { type: "json" };
import type { Template } from "../model/template.ts";

/** The built-in templates, each in its only version. */
// The compiler takes texts of JSON files for any text; a test saves each file through `save_template`.
export const BUILTIN_TEMPLATES = [feature, bugfix, reviewPanel, migration, release] as readonly Template[];
