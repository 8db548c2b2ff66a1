"""Image files become 8-bit pictures and network squares, by Pillow and numpy alone.

Every bundle carries a copy of this folder, so that it decodes as Graft does.
"""

from transfer_core.types.rendering import Rendering as Rendering

from .kinds import FORMATS as FORMATS
from .kinds import MAX_PIXELS as MAX_PIXELS
from .kinds import Unreadable as Unreadable
from .kinds import begins_as as begins_as
from .kinds import may_be_image as may_be_image
from .picture import Picture as Picture
from .picture import as_picture as as_picture
from .picture import picture as picture
from .squares import GREY as GREY
from .squares import LONGEST as LONGEST
from .squares import SHARP as SHARP
from .squares import fit_square as fit_square
from .squares import square as square
