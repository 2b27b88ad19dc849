"""The service menu (维护菜单): for a technician with a screwdriver in the other hand, and for the nurse who changes paper.

`menu` is the story, written like a journey; `staff` knows who may; `acts` does what it asks; `survey` looks at the whole
machine; `local` remembers what was changed or closed here.
"""
