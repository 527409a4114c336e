"""The memory plan: which tensor lies where in the arena, and how close that comes to the bound."""

from .memory import MemoryPlan, apply_plan, least_plan, plan_memory

__all__ = ["MemoryPlan", "apply_plan", "least_plan", "plan_memory"]
