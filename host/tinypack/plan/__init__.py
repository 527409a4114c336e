"""The memory plan: which tensor lies where in the arena, and how close that comes to the bound."""

from .memory import MemoryPlan, apply_plan, least_plan, plan_memory
from .within import Fitted, plan_within

__all__ = ["Fitted", "MemoryPlan", "apply_plan", "least_plan", "plan_memory", "plan_within"]
