  pushq %rbp
  movq %rsp, %rbp
block0:
  uninit  %rax
  xorl %eax, %eax
  jmp     label1
block1:
  testl %esi, %esi
  jz      label3; j label2
block2:
  leal (%rax, %rsi), %eax
  subl $0x1, %esi
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz #trap=user10
  jmp     label1
block1:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  movl $0x2, %eax
  jmp     label3
block2:
  movl $0x1, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl $0x1, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

