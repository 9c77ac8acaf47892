/**
 * The templates that ship with the program: plans that most agents who work on code can use as they are. Each
 * description must be enough for an agent that knows nothing else; a change of one needs a new version.
 */

import type { Template, TemplateParameter } from "../model/task.ts";

/** Said of every result that another task starts from. */
const SHORT = "Keep the result under 4,000 characters: whoever continues gets it as an input of the task. " +
  "Put longer material into a file of the repository and give its path.";

/** Said of every result that a condition reads. */
const ONLY_JSON =
  "The result must be one JSON object of at most 4,000 characters, without a code fence or any text around it";

const CHECK: TemplateParameter = {
  name: "check",
  description: "What must pass before work counts as done: a command, or where to find it",
  default: "the project's own tests, linters and type checks",
};

const FEATURE: Template = {
  name: "feature",
  version: 1,
  description:
    "Build a feature: design it, implement it while its tests are written, review, rework if asked to, finish.",
  parameters: [
    { name: "goal", description: "What shall be possible that is not now, and for whom", required: true },
    {
      name: "constraints",
      description: "What must be kept or avoided: interfaces, libraries, limits",
      default: "none besides the conventions of the project",
    },
    CHECK,
  ],
  tasks: [
    {
      id: "design",
      description: "Design this feature: {{goal}}\nConstraints: {{constraints}}\n\n" +
        "Read the code that it touches and the project's conventions first. Change no code. " +
        "Decide on the smallest design that reaches the goal. The result must contain: the behaviour as a list of " +
        "checkable statements, error cases included; the interfaces (names, parameters, answers) exactly enough " +
        "that tests can be written against them before the code exists; the files to change; what was rejected and " +
        `why. ${SHORT}`,
      dependencies: [],
    },
    {
      id: "implement",
      description: "Implement this feature: {{goal}}\nConstraints: {{constraints}}\n\n" +
        "Follow the design, which is the input from the task design. Somebody else writes the tests at the same " +
        "time: leave test files alone and keep exactly to the interfaces of the design. Make sure that everything " +
        "that was there before still passes ({{check}}). The result must contain: the files that changed, where you " +
        `had to deviate from the design and why, and what is left open. ${SHORT}`,
      dependencies: ["design"],
    },
    {
      id: "tests",
      description: "Write the tests of this feature: {{goal}}\n\n" +
        "Follow the design, which is the input from the task design: at least one test for each statement of " +
        "behaviour and each error case. Somebody else implements it at the same time: change test files only, and " +
        "test through the interfaces of the design. Tests that fail only because the code is not there yet are " +
        "right. The result must contain: the test files, which statement each test shows, and how to run them. " +
        SHORT,
      dependencies: ["design"],
    },
    {
      id: "review",
      description: "Review the code and the tests of this feature: {{goal}}\nConstraints: {{constraints}}\n\n" +
        "The inputs from the tasks implement and tests name the files. Run {{check}} yourself. Look for behaviour " +
        "that the goal asks for and the code lacks, errors in edge cases, tests that cannot fail, needless " +
        "complexity, and harm to what was there before. Change nothing. " +
        `${ONLY_JSON}: ` +
        '{"verdict": "approved" or "changes", "findings": [{"where": "file:line", "problem": "…", "wanted": "…"}]}. ' +
        'Say "changes" if anything must be mended before the feature is used, and "approved" otherwise; with any ' +
        "other verdict, the tasks that follow are skipped.",
      dependencies: ["implement", "tests"],
    },
    {
      id: "rework",
      description: "Mend what the review of this feature found: {{goal}}\nConstraints: {{constraints}}\n\n" +
        "The input from the task review lists the findings. Mend each, in code or tests, or say why it is none. " +
        "Everything must pass in the end: {{check}}. The result must contain: for each finding what was done, and " +
        `the files that changed. ${SHORT}`,
      dependencies: [{ task: "review", when: { pointer: "/verdict", equals: "changes" } }],
      priority: "high",
    },
    {
      id: "finish",
      description: "Finish this feature: {{goal}}\n\n" +
        "It is implemented, tested and reviewed, and what the review found is mended. Run {{check}} once more on " +
        "everything together, bring documentation and changelog up to date, remove leftovers (debug output, dead " +
        "code, stray files), and commit as the project's conventions say. The result must contain: what the feature " +
        "does now, how to use it, the commits, and what is knowingly left open.",
      dependencies: [
        { any: [{ task: "review", when: { pointer: "/verdict", equals: "approved" } }, "rework"] },
      ],
    },
  ],
};

const BUGFIX: Template = {
  name: "bugfix",
  version: 1,
  description:
    "Fix a bug: reproduce it, find its cause, fix, verify; if it cannot be reproduced, report what is missing.",
  parameters: [
    { name: "bug", description: "What happens, what should happen instead, and how it was noticed", required: true },
    { name: "where", description: "Version, environment or part of the code, as far as known", default: "not known" },
    CHECK,
  ],
  tasks: [
    {
      id: "reproduce",
      description: "Reproduce this bug: {{bug}}\nWhere: {{where}}\n\n" +
        "Make the smallest test or sequence of commands that shows it, and see it fail for the reason that was " +
        "reported. Fix nothing yet. The result must contain: how to run it, what it prints, what it should print, " +
        "and since which version or commit, if that is cheap to find out. If you cannot reproduce the bug after an " +
        "honest try, end this task as failed, not as completed; the error must contain what you tried, with " +
        `versions, and what you saw. ${SHORT}`,
      dependencies: [],
      priority: "high",
    },
    {
      id: "cause",
      description: "Find the cause of this bug: {{bug}}\nWhere: {{where}}\n\n" +
        "The input from the task reproduce says how to make it happen. Follow it to the line that is wrong, not " +
        "only to the one that complains, and prove it: predict what a change there does, and try. Look for the same " +
        "mistake elsewhere. Leave the code as it was. The result must contain: file and line, why it is wrong, how " +
        `you proved it, other places with the same mistake, and the fix that you propose. ${SHORT}`,
      dependencies: ["reproduce"],
    },
    {
      id: "fix",
      description: "Fix this bug: {{bug}}\n\n" +
        "The inputs are how to reproduce it and its cause. First turn the reproduction into a test of the project " +
        "that fails; then make the smallest change that removes the cause, also in the other places that were " +
        "found. Everything must pass in the end: {{check}}. The result must contain: the files that changed, the " +
        `name of the new test, and what else may behave differently now. ${SHORT}`,
      dependencies: ["reproduce", "cause"],
    },
    {
      id: "verify",
      description: "Verify the fix of this bug, preferably as somebody who did not write it: {{bug}}\n\n" +
        "The inputs say how to reproduce it and what was changed. Go through the reproduction: the bug must be " +
        "gone. Undo the change of the code, not of the test: the new test must fail; put the change back. Run " +
        "{{check}}. Try two variations of the bug that the test does not cover. If anything of this goes wrong, " +
        "end this task as failed and say what. The result must contain: what you ran and what came out.",
      dependencies: ["reproduce", "fix"],
    },
    {
      id: "report",
      description: "Report that this bug could not be reproduced: {{bug}}\nWhere: {{where}}\n\n" +
        "This task is only done if the task reproduce of the same group failed; read that task's error first. " +
        "Change no code. The result must contain, for whoever reported the bug: what was tried, in which versions; " +
        "the likeliest explanations; exactly which facts (log, input, version, settings) would settle it, and how " +
        "to get each; and whether more logging in the code would help next time. Say at the end that the other " +
        "tasks of the group go on by themselves once reproduce is retried, and can be cancelled otherwise.",
      dependencies: [{ task: "reproduce", on: "failed" }],
    },
  ],
};

const FINDINGS = `${ONLY_JSON}: {"verdict": "good" or "concerns" or "bad", "findings": [{"severity": "high" or ` +
  '"medium" or "low", "where": "file:line or section", "problem": "…", "evidence": "…", "wanted": "…"}]}. ' +
  "Report only what you can support with evidence, the worst first; an empty list is a fine result. Change nothing, " +
  "and do not read the other reviews, so that yours is independent.";

const REVIEW_PANEL: Template = {
  name: "review_panel",
  version: 1,
  description: "Have three independent reviewers look at something, and sum up as soon as two of them are done.",
  parameters: [
    { name: "subject", description: "What to review: a change, files, a document, a design", required: true },
    {
      name: "context",
      description: "What the reviewers must know: purpose, requirements, what is out of question",
      default: "what the repository says",
    },
  ],
  tasks: [
    {
      id: "correct",
      description: "Review whether this is correct: {{subject}}\nContext: {{context}}\n\n" +
        "Does it do what it claims, in edge cases, on errors, and when things happen at the same time? Run or " +
        `trace it instead of trusting its names and comments. Are its tests able to fail? ${FINDINGS}`,
      dependencies: [],
    },
    {
      id: "secure",
      description: "Review whether this is safe: {{subject}}\nContext: {{context}}\n\n" +
        "Follow every input from outside to where it is used. Look for injection, missing checks of rights, secrets " +
        "in code or logs, unbounded memory or time, unsafe defaults, loss of data on a crash, and dependencies that " +
        `do more than is needed. ${FINDINGS}`,
      dependencies: [],
    },
    {
      id: "clear",
      description: "Review whether this can be understood and maintained: {{subject}}\nContext: {{context}}\n\n" +
        "Read it as somebody who has to change it in a year. Look for needless complexity, names that mislead, " +
        "duplication, dependencies that point the wrong way, missing or wrong documentation, and what could simply " +
        `be left out. ${FINDINGS}`,
      dependencies: [],
    },
    {
      id: "summary",
      description: "Sum up the reviews of this: {{subject}}\nContext: {{context}}\n\n" +
        "The inputs are the reviews of the tasks correct, secure and clear; at least two are there, and a third may " +
        "still be under way: do not wait for it, but name it as missing. Check each finding of severity high " +
        "yourself. Merge findings that mean the same, decide where reviewers contradict each other and say why, and " +
        `drop what does not hold. ${ONLY_JSON}: {"verdict": "good" or "concerns" or "bad", "must": ["…"], ` +
        '"should": ["…"], "dropped": ["…, because …"], "missing": ["…"]}.',
      dependencies: [{ at_least: 2, of: ["correct", "secure", "clear"] }],
      priority: "high",
    },
  ],
};

const BATCHES = ["1", "2", "3", "4", "5"];

const MIGRATION: Template = {
  name: "migration",
  version: 1,
  description: "Migrate code in five batches in parallel, with a check once 60 % are done and a verification of all.",
  parameters: [
    { name: "change", description: "What is replaced by what, and how one sees that it is done", required: true },
    { name: "scope", description: "Which files or parts are concerned", default: "the whole repository" },
    {
      name: "area",
      description: "Short name of the code concerned; while batch N runs, it holds the lock AREA-N",
      default: "migration",
    },
    CHECK,
  ],
  tasks: [
    {
      id: "inventory",
      description: "Prepare this migration: {{change}}\nScope: {{scope}}\n\n" +
        "Find every place that must change, by searching and not from memory, and write down the search so that it " +
        "can be repeated. What all batches share (adapters, new dependencies), change now and commit, so that no batch " +
        "has to. Then split the places into five batches of about equal work that have no file in common; " +
        "put the easiest into batch 1, as the others learn from it. The result must contain: the search; the recipe " +
        "for one place, with an example before and after; the special cases; and the files of each batch, 1 to 5. A " +
        `batch may be empty. ${SHORT}`,
      dependencies: [],
      priority: "high",
    },
    ...BATCHES.map((batch): Template["tasks"][number] => ({
      id: `batch${batch}`,
      description: `Migrate batch ${batch} of 5: {{change}}\nScope: {{scope}}\n\n` +
        `The input from the task inventory has the recipe and lists the files of each batch: change those of batch ` +
        `${batch} and no others, as other agents work on the other batches at the same time. If the batch is empty, ` +
        "complete the task and say so. Where the recipe does not fit, leave the place as it is and report it. What " +
        "the batch touches must pass: {{check}}. The result must contain: how many places were migrated, which were " +
        `left and why, and what the recipe should say better. ${SHORT}`,
      dependencies: ["inventory"],
      locks: [`{{area}}-${batch}`],
      ...(batch === "1" && { priority: "high" }),
    })),
    {
      id: "check",
      description: "Check this migration half-way, while its last batches are still under way: {{change}}\n" +
        "Scope: {{scope}}\n\n" +
        "At least 60 % of the batches are done; their results and that of the task inventory are the inputs. Read a " +
        "sample of five migrated places or more, from each finished batch at least one: are they right, alike, and " +
        "as the recipe of the inventory says? Run {{check}} on the finished batches. Are places left that need a " +
        "decision? Change nothing. " +
        `${ONLY_JSON}: {"ok": true or false, "problems": [{"where": "file:line", "problem": "…", ` +
        '"wanted": "…"}], "decisions": ["…"]}. Say false if anything that was migrated must be changed again; ' +
        "whatever is neither true nor false skips the tasks that follow.",
      dependencies: ["inventory", { at_least: "60%", of: BATCHES.map((batch) => `batch${batch}`) }],
      priority: "high",
    },
    {
      id: "repair",
      description: "Repair what the half-way check of this migration found: {{change}}\nScope: {{scope}}\n\n" +
        "All batches are done. The input from the task check lists the problems. Mend each of them, and search all " +
        "batches for the same mistakes: the last ones were made before the check was known. The result must " +
        `contain: for each problem what was done and where else it was found. ${SHORT}`,
      dependencies: [
        { task: "check", when: { pointer: "/ok", equals: false } },
        ...BATCHES.map((batch) => `batch${batch}`),
      ],
      priority: "high",
    },
    {
      id: "verify",
      description: "Verify the whole of this migration: {{change}}\nScope: {{scope}}\n\n" +
        "All batches are done and repaired. Repeat the search of the task inventory, whose result is an input: " +
        "nothing may be left besides the places that the batches report, and for each of these decide and act. " +
        "Remove what only the old way needed (adapters, dependencies, documentation). Run {{check}} on everything. " +
        "If something is wrong that you cannot mend, end this task as failed and say what. The result must contain: " +
        "what the search finds now, what was run and what came out, and what was knowingly left.",
      dependencies: [
        "inventory",
        ...BATCHES.map((batch) => `batch${batch}`),
        { any: [{ task: "check", when: { pointer: "/ok", equals: true } }, "repair"] },
      ],
    },
  ],
};

const RELEASE: Template = {
  name: "release",
  version: 1,
  description:
    "Release a version: freeze, changelog and tests, build, publish, try it, announce; roll back on failure.",
  parameters: [
    { name: "version", description: "The version to release, as the project writes it", required: true },
    { name: "publish", description: "How to publish: the command or the steps, and where to", required: true },
    { name: "build", description: "How to build what is published", default: "the project's own build" },
    { name: "audience", description: "Whom to tell, and where", default: "the users, in the project's release notes" },
    CHECK,
  ],
  tasks: [
    {
      id: "freeze",
      description: "Freeze the code for release {{version}}.\n\n" +
        "Make sure that all that belongs into the release is merged, that nothing unfinished is, and that the working " +
        "tree is clean. Choose the commit to release, note it, and make the release branch if the project uses " +
        "them; set the version number to {{version}} wherever the project keeps it. The result must contain: the " +
        "commit and branch, the commit of the release before it, and how to undo the freeze. From now on only this " +
        `release's tasks may change that branch. ${SHORT}`,
      dependencies: [],
      priority: "high",
    },
    {
      id: "changelog",
      description: "Write the changelog of release {{version}}.\n\n" +
        "The input from the task freeze names the commit and the release before it. Go through all commits in " +
        "between; group what users notice into breaking changes, additions, fixes; leave out what they do not " +
        "notice. For each breaking change say what to do. Commit it on the frozen branch, changing nothing else. The " +
        "result must contain: the text of the changelog, the new commit, and whether {{version}} is the right " +
        `number for these changes. ${SHORT}`,
      dependencies: ["freeze"],
    },
    {
      id: "tests",
      description: "Test what shall become release {{version}}.\n\n" +
        "On the commit that the input from the task freeze names, in a fresh checkout, run {{check}}. Run anything " +
        "slow that is not part of the daily checks, too. Mend nothing here: if something fails, end this task as " +
        "failed with the output that matters; a test that passes only the second time counts as failed. The result " +
        "must contain: the commit, the commands, the numbers of tests run and skipped, and how long they took. " +
        SHORT,
      dependencies: ["freeze"],
    },
    {
      id: "build",
      description: "Build release {{version}}.\n\n" +
        "In a fresh checkout of the frozen branch with its changelog (see the inputs), build it: {{build}}. Besides " +
        "the changelog, nothing may differ from the commit that was tested. Check that the artefacts say {{version}}, " +
        "contain what they should and nothing that they should not (secrets, test data), and start. The result must " +
        `contain: the commit, the path, size and SHA-256 of each artefact, and how to build them again. ${SHORT}`,
      dependencies: ["freeze", "changelog", "tests"],
    },
    {
      id: "publish",
      description: "Publish release {{version}}: {{publish}}\n\n" +
        "The input from the task build lists the artefacts with their SHA-256: publish exactly these, and compare " +
        "the sums first. Note each step as you do it. If a step fails, do not improvise and do not start over: end " +
        "this task as failed, and let the error say which steps were done and which not; a rollback starts from " +
        "that. The result must contain: what was published, where it can be got, the tag, and how to take it back. " +
        SHORT,
      dependencies: ["build"],
      locks: ["release"],
      maxAttempts: 1,
    },
    {
      id: "try",
      description: "Try release {{version}} as its users get it.\n\n" +
        "The input from the task publish says where. Install it from there, into an empty environment, the way the " +
        "documentation says; check that it says {{version}}, go through the first steps of the documentation, and " +
        "update from the release before. If any of this fails, end this task as failed, saying how: that starts the " +
        `rollback. The result must contain: what was tried, where, and what came out. ${SHORT}`,
      dependencies: ["publish"],
      priority: "high",
      maxAttempts: 1,
    },
    {
      id: "announce",
      description: "Announce release {{version}}. Whom to tell, and where: {{audience}}\n\n" +
        "It is published and tried out. Start from the changelog, which is an input: what is new in three sentences, " +
        "what to do about breaking changes, how to update, where to ask. Promise nothing that the release does not " +
        "have. Then end the freeze as the task freeze says. The result must contain: the text and where it stands.",
      dependencies: ["freeze", "changelog", "publish", "try"],
    },
    {
      id: "rollback",
      description: "Roll release {{version}} back: publishing or trying it has failed.\n\n" +
        "Read the errors of the tasks publish and try of the same group first: they say what was done. Bring users " +
        "back to the release before: withdraw or mark what was published, and never put other content under a " +
        "version number that somebody may have got. Check from the users' side that the release before is what they " +
        "get. Tell those who may have got {{version}}. The result must contain: what was undone, what could not be, " +
        "the cause as far as known, and what must happen before publish is retried.",
      dependencies: [{ any: [{ task: "publish", on: "failed" }, { task: "try", on: "failed" }] }],
      locks: ["release"],
      priority: "urgent",
    },
  ],
};

/** The built-in templates, each in its only version. */
export const BUILTIN_TEMPLATES: readonly Template[] = [FEATURE, BUGFIX, REVIEW_PANEL, MIGRATION, RELEASE];
