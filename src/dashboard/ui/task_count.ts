/** Numbers of tasks as text. */

export function taskCount(count: number): string {
  return count === 1 ? "1 task" : `${count} tasks`;
}
